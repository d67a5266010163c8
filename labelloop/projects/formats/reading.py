"""A table that was exported, read back."""

from pathlib import Path

from labelloop.errors import UserError
from labelloop.pool.encoding import open_utf8
from labelloop.projects.formats.columns import Row
from labelloop.projects.formats.places import TEXTS, format_of
from labelloop.projects.formats.text import from_text


def read_rows(path: str | Path, kind: str | None = None) -> list[Row]:
    """The rows of an export on disk, as they were written. Raises UserError."""
    path, kind = Path(path), format_of(str(path), kind)
    try:
        if kind in TEXTS:
            with open_utf8(path, newline="\n" if kind == "jsonl" else "") as file:
                return list(from_text(file, kind, str(path)))
        from labelloop.projects.formats import arrow

        return arrow.read_parquet(path) if kind == "parquet" else arrow.read_dataset(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read as an export ({said}): export it again") from error
