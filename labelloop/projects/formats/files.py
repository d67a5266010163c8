"""Write and read exports. A file is written completely or not at all."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from labelloop import atomic
from labelloop.errors import UserError, one_line
from labelloop.loop.log_digest import LogDigest
from labelloop.pool.text_files import open_text
from labelloop.projects.formats.tables import Row, Table, from_text, text_of

FORMATS = ("jsonl", "csv", "parquet", "datasets", "hub")
TEXTS = ("jsonl", "csv")
HUB = "hf://"
ORIGIN = ".log.json"
"""Ends the name of the file beside an export, which says from which log the export was made."""
_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}
_SAVED = "dataset_info.json"


def format_of(output: str, chosen: str | None = None) -> str:
    """The requested format, or the one that the name implies: a Hub URL, a folder, a file's suffix.

    A name without a suffix implies none. Raises UserError.
    """
    if output.startswith(HUB):
        implied: str | None = "hub"
    elif output.endswith("/") or Path(output).is_dir():
        implied = "datasets"
    else:
        suffix = Path(output).suffix.lower()
        implied = _ENDINGS.get(suffix)
    if chosen and output.startswith(HUB) and chosen != "hub":
        raise UserError(
            f"{output} is on the Hub, but {chosen} is a file format: give a path, or leave out --format"
        )
    if not (chosen or implied):
        stem = Path(output).with_suffix("")
        raise UserError(
            f"the format of {output} is unknown: name it {stem}.jsonl, {stem}.csv, {stem}.parquet, "
            f"{stem}/ for a folder, or hf://user/name; or give --format"
        )
    return chosen or implied or ""


def ending(kind: str) -> str:
    """The suffix of names in this format."""
    return f".{kind}" if kind in ("jsonl", "csv", "parquet") else ""


def read_rows(source: str | Path, kind: str | None = None) -> list[Row]:
    """Read the rows of an export from a file, a folder or the Hub. Raises UserError."""
    source = str(source)
    kind = format_of(source, kind)
    if kind == "hub":
        return _from_hub(source.removeprefix(HUB))
    try:
        return _from_disk(Path(source), kind)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{source} cannot be read as an export ({one_line(error)}): export it again"
        ) from error


def _from_disk(path: Path, kind: str) -> list[Row]:
    if kind in TEXTS:
        with open_text(path, newline="\n" if kind == "jsonl" else "") as file:
            return list(from_text(file, kind, str(path)))
    from labelloop.projects.formats import arrow

    return arrow.read_parquet(path) if kind == "parquet" else arrow.read_dataset(path)


def _from_hub(name: str) -> list[Row]:
    from labelloop.projects.formats.arrow import read_hub

    try:
        return read_hub(name)
    except UserError:
        raise
    # What its client raises has no common base, and differs by version.
    except Exception as error:
        raise UserError(
            f"cannot load {name} from the Hub ({one_line(error)}): check the name, the network "
            "and `hf auth login`"
        ) from error


def write_rows(rows: Sequence[Row], output: str | Path, kind: str, safe: bool = False) -> None:
    """Write an export, as `write_table` does."""
    write_table(Table.of(rows), output, kind, safe)


def write_table(table: Table, output: str | Path, kind: str, safe: bool = False) -> None:
    """Write a file (`jsonl`, `csv`, `parquet`), a folder (`datasets`), or push to the Hub (`hub`).

    What is there is replaced; if it is a link, its target is. A folder with other contents is refused.
    A new data set on the Hub is private. `safe`: see `text_of`. Raises UserError.
    """
    if kind == "hub":
        _push(table, str(output).removeprefix(HUB))
        return
    path = Path(output).resolve()
    try:
        with atomic.beside(path) as draft:
            if kind == "datasets":
                _save(table, draft, path)
            else:
                _write(table, draft, kind, safe)
                atomic.place(draft, path)
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror or error}): give another --output") from error


def write_origin(output: str | Path, kind: str, project: str, log: LogDigest) -> None:
    """Write beside an export from which project and log it was made. Not on the Hub. Raises UserError."""
    if kind == "hub":
        return
    path = Path(output).resolve()
    origin = path.with_name(f"{path.name}{ORIGIN}")
    try:
        atomic.write(origin, json.dumps({"project": project, **log._asdict()}) + "\n")
    except OSError as error:
        raise UserError(f"cannot write {origin} ({error.strerror}): give another --output") from error


def _write(table: Table, path: Path, kind: str, safe: bool) -> None:
    if kind == "parquet":
        from labelloop.projects.formats.arrow import write_parquet

        write_parquet(table, path)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(text_of(table, kind, safe))


def check_foreign(output: str | Path) -> None:
    """Raises UserError for a file that is there and was not written by an export."""
    path = Path(output).resolve()
    if path.is_file() and not path.with_name(f"{path.name}{ORIGIN}").exists():
        raise UserError(f"{path} is there, and labelloop did not write it: give another --output")


def check_folder(path: Path) -> None:
    """Raises UserError for a folder that holds other things than a data set."""
    if path.is_dir() and any(path.iterdir()) and not (path / _SAVED).exists():
        raise UserError(f"{path} is a folder that holds other things: give a new one with --output")


def _save(table: Table, draft: Path, path: Path) -> None:
    from labelloop.projects.formats.arrow import as_dataset, write_arrow

    check_folder(path)
    with atomic.beside(path) as file:
        write_arrow(table, file)
        as_dataset(file).save_to_disk(str(draft), num_shards=1)
    before = path.with_name(f"{draft.name}.before")
    if path.exists():
        path.rename(before)
    draft.rename(path)
    atomic.remove(before)


def _push(table: Table, name: str) -> None:
    from labelloop.projects.formats.arrow import as_dataset, write_arrow

    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        file = Path(folder) / "table.arrow"
        write_arrow(table, file)
        try:
            as_dataset(file).push_to_hub(name, private=True)
        # What its client raises has no common base, and differs by version.
        except Exception as error:
            raise UserError(
                f"cannot push {name} to the Hub ({one_line(error)}): check the name, the network "
                "and `hf auth login`, or give a file with --output"
            ) from error
