"""Data sets from the package `datasets`: saved folders and the Hugging Face Hub."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelloop.errors import UserError, one_line
from labelloop.pool.columns import Columns
from labelloop.pool.label_cells import quoted

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict  # type: ignore[import-untyped]

TRAIN = "train"


@dataclass(frozen=True, slots=True)
class Split:
    """A split by its name, or else the default one; the only split is the default, unless `by_name`.

    `option` is the option that names it.
    """

    name: str | None = None
    default: str = TRAIN
    by_name: bool = False
    option: str = "--split"

    @classmethod
    def of_test(cls, name: str | None) -> "Split":
        """Of a test set: never one that people label."""
        return cls(name, "test", by_name=True, option="--test-split")


def read_folder(path: Path, split: Split) -> Columns:
    """A `Dataset` or `DatasetDict` saved by `save_to_disk`. Raises `UserError`."""
    datasets = _datasets()
    try:
        loaded = datasets.load_from_disk(str(path))
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(
            f"{path} is not a folder saved by datasets' save_to_disk ({one_line(error)}); "
            "give such a folder or one file (.jsonl, .csv, .tsv, .txt, .xlsx, .parquet)"
        ) from error
    return _columns(_choose(str(path), loaded, split))


def read_hub(name: str, config: str | None, split: Split, revision: str | None) -> Columns:
    """A data set on the Hub by its id. Raises `UserError`."""
    datasets = _datasets()
    try:
        loaded = datasets.load_dataset(name, config, revision=revision)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise UserError(f"no file or folder {name!r} here, and the Hub: {_remedy(error)}") from error
    return _columns(_choose(name, loaded, split))


def _datasets() -> Any:
    try:
        import datasets
    except ImportError as error:
        raise UserError(
            "reading this needs the package datasets; install it: pip install 'labelloop[learner]'"
        ) from error
    return datasets


def _choose(source: str, loaded: "Dataset | DatasetDict", split: Split) -> "Dataset":
    if not isinstance(loaded, Mapping):
        if split.name is not None:
            raise UserError(f"{source} has no splits; leave out the split {split.name!r}")
        return loaded
    names = list(loaded)
    chosen = split.name or split.default
    if split.name is None and chosen not in names and len(names) == 1 and not split.by_name:
        chosen = names[0]
    if chosen not in names:
        problem = f"no split {chosen!r}" if split.name or split.by_name else "several splits"
        raise UserError(
            f"{source} has {problem}; choose one of its splits by {split.option}: {quoted(names)}"
        )
    return loaded[chosen]


def _columns(dataset: "Dataset") -> Columns:
    plain = dataset.with_format(None)
    features = plain.features
    textual = [
        name for name in features if getattr(features[name], "dtype", "") in ("string", "large_string")
    ]

    def values(name: str) -> Sequence[object]:
        column: list[object] = plain[name][:]
        of_each = getattr(features[name], "feature", features[name])
        names = getattr(of_each, "names", None)
        return column if names is None else [_class_names(names, value) for value in column]

    return Columns(plain.column_names, textual, values)


def _class_names(names: Sequence[str], value: object) -> str | list[str | None] | None:
    """The name of a class, or those of a list of them."""
    if isinstance(value, list):
        return [_class_name(names, each) for each in value]
    return _class_name(names, value)


def _class_name(names: Sequence[str], value: object) -> str | None:
    return names[value] if isinstance(value, int) and value >= 0 else None


def _remedy(error: Exception) -> str:
    reason = one_line(error)
    if "scripts are no longer supported" in reason:
        return "it is a script, which datasets no longer runs; try the revision refs/convert/parquet"
    if isinstance(error, ConnectionError):
        return f"{reason}; check the id and the network, or give a file or a saved folder"
    return f"{reason}; check the id, its config and its revision"
