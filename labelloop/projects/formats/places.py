"""Where a table goes, and in which format."""

from pathlib import Path

from labelloop.errors import UserError

FORMATS = ("jsonl", "csv", "parquet", "datasets", "hub")
TEXTS = ("jsonl", "csv")
HUB = "hf://"
_ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet"}


def format_of(output: str, asked: str | None = None) -> str:
    """The format asked for, or that of the name: a URL of the Hub, a folder, a file's ending (none: jsonl).

    Raises UserError.
    """
    if output.startswith(HUB):
        found: str | None = "hub"
    elif output.endswith("/") or Path(output).is_dir():
        found = "datasets"
    else:
        suffix = Path(output).suffix.lower()
        found = _ENDINGS.get(suffix, None if suffix else "jsonl")
    if asked and output.startswith(HUB) and asked != "hub":
        raise UserError(f"{output} is on the Hub, and {asked} is a file: give a path, or leave out --format")
    if not (asked or found):
        raise UserError(
            f"{output} is of no known kind: name it *.jsonl, *.csv, *.parquet, a folder/ or hf://user/name, "
            "or give --format"
        )
    return asked or found or ""


def ending(kind: str) -> str:
    """What names of this format end with."""
    return f".{kind}" if kind in ("jsonl", "csv", "parquet") else ""
