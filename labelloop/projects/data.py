"""A project's texts: loaded, cleaned, and kept as snapshots."""

from dataclasses import dataclass
from pathlib import Path

from labelloop.errors import UserError
from labelloop.pool.prepare import Prepared, clean_pool, clean_test, summary
from labelloop.pool.snapshot import write
from labelloop.pool.sources import Table, load
from labelloop.projects.options import ProjectOptions
from schemas.parts import Snapshot


@dataclass(frozen=True)
class ProjectData:
    """Snapshots (URIs relative to the project's folder), labels, and lines on what was left out."""

    pool: Snapshot
    test: Snapshot | None
    labels: tuple[str, ...]
    notes: tuple[str, ...]


def prepare_data(options: ProjectOptions, folder: Path) -> ProjectData:
    """Load and clean the pool and the test set, and write them under `folder`. Raises UserError."""
    if options.dataset is None:
        raise UserError("no data set is given: name one with --dataset FILE")
    table = load(
        options.dataset,
        options.text_column,
        options.label_column,
        options.config,
        options.split,
        options.revision,
    )
    if options.needs_gold and table.labels is None:
        raise _without_gold(options.dataset, "has no label column")
    pool = clean_pool(table, options.labels)
    if options.needs_gold and pool.unlabelled:
        raise _without_gold(options.dataset, f"has {pool.unlabelled} texts without a label")
    tested = _test(options, pool)
    notes = [_note(options.dataset, pool)]
    if tested is not None:
        notes.append(_note(f"test set {options.test}", tested[1]))
    return ProjectData(
        pool=_keep(folder, "pool", table, pool),
        test=_keep(folder, "test", *tested) if tested else None,
        labels=tuple(pool.labels),
        notes=tuple(note for note in notes if note),
    )


def _without_gold(dataset: str, what: str) -> UserError:
    return UserError(
        f"{dataset} {what}, and simulated annotators know no others: name the column by --label-column, "
        "or let people label by `labelloop up`"
    )


def _test(options: ProjectOptions, pool: Prepared) -> tuple[Table, Prepared] | None:
    if options.test is None:
        return None
    on_disk = Path(options.test).expanduser().exists()
    table = load(
        options.test,
        options.test_text_column or options.text_column,
        options.test_label_column or options.label_column,
        None if on_disk else options.config,
        options.test_split or (None if on_disk else "test"),
        None if on_disk else options.revision,
    )
    return table, clean_test(table, pool.labels, pool.rows)


def _note(what: str, prepared: Prepared) -> str | None:
    said = summary(prepared)
    return f"{what}: {said}" if said else None


def _keep(folder: Path, name: str, table: Table, prepared: Prepared) -> Snapshot:
    info = write(folder / name, prepared.rows)
    return Snapshot(
        uri=f"{name}/{info.name}",
        digest=info.digest,
        size=len(prepared.rows),
        text_column=table.text_column,
        label_column=table.label_column,
        dropped_empty=prepared.empty,
        dropped_duplicate=prepared.duplicates,
    )
