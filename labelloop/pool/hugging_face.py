"""Data sets from the package `datasets`: saved folders and the Hugging Face Hub."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelloop.errors import UserError, one_line
from labelloop.pool.columns import Columns

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict  # type: ignore[import-untyped]

DEFAULT_SPLIT = "train"


def read_folder(path: Path, split: str | None) -> Columns:
    """A `Dataset` or `DatasetDict` saved by `save_to_disk`. Raises `UserError`."""
    datasets = _datasets()
    try:
        loaded = datasets.load_from_disk(str(path))
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(
            f"{path} is not a folder saved by datasets' save_to_disk ({one_line(error)}); "
            "give such a folder or one file (.jsonl, .csv, .tsv, .parquet)"
        ) from error
    return _columns(_choose(str(path), loaded, split))


def read_hub(name: str, config: str | None, split: str | None, revision: str | None) -> Columns:
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


def _choose(source: str, loaded: "Dataset | DatasetDict", split: str | None) -> "Dataset":
    if not isinstance(loaded, Mapping):
        if split is not None:
            raise UserError(f"{source} has no splits; leave out the split {split!r}")
        return loaded
    names = list(loaded)
    chosen = split or (DEFAULT_SPLIT if DEFAULT_SPLIT in names else names[0] if len(names) == 1 else None)
    if chosen not in names:
        asked = f"no split {split!r}" if split else "several splits"
        raise UserError(f"{source} has {asked}; choose one of its splits: {', '.join(names)}")
    return loaded[chosen]


def _columns(dataset: "Dataset") -> Columns:
    plain = dataset.with_format(None)
    features = plain.features
    textual = [
        name for name in features if getattr(features[name], "dtype", "") in ("string", "large_string")
    ]

    def values(name: str) -> Sequence[object]:
        column: list[object] = plain[name][:]
        names = getattr(features[name], "names", None)
        return column if names is None else [_class_name(names, value) for value in column]

    return Columns(plain.column_names, textual, values)


def _class_name(names: Sequence[str], value: object) -> str | None:
    return names[value] if isinstance(value, int) and value >= 0 else None


def _remedy(error: Exception) -> str:
    reason = one_line(error)
    if "scripts are no longer supported" in reason:
        return "it is a script, which datasets no longer runs; try the revision refs/convert/parquet"
    if isinstance(error, ConnectionError):
        return f"{reason}; check the id and the network, or give a file or a saved folder"
    return f"{reason}; check the id, its config and its revision"
