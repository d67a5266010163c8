"""A table that was exported, read back."""

from pathlib import Path

from labelloop.errors import UserError
from labelloop.pool.encoding import open_utf8
from labelloop.projects.formats.columns import Row
from labelloop.projects.formats.places import HUB, TEXTS, format_of
from labelloop.projects.formats.text import from_text


def read_rows(source: str | Path, kind: str | None = None) -> list[Row]:
    """The rows of an export, as they were written: from a file, a folder or the Hub. Raises UserError."""
    source = str(source)
    kind = format_of(source, kind)
    if kind == "hub":
        return _from_hub(source.removeprefix(HUB))
    try:
        return _from_disk(Path(source), kind)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{source} cannot be read as an export ({_line(error)}): export it again") from error


def _from_disk(path: Path, kind: str) -> list[Row]:
    if kind in TEXTS:
        with open_utf8(path, newline="\n" if kind == "jsonl" else "") as file:
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
            f"the Hub does not give {name} ({_line(error)}): check the name, the network and `hf auth login`"
        ) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
