"""Data files as people have them."""

import gzip
import json
from pathlib import Path
from typing import Any


def file(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def json_lines(folder: Path, *records: Any) -> str:
    return file(folder, "data.jsonl", "".join(json.dumps(record) + "\n" for record in records))


def packed(content: bytes) -> bytes:
    """By gzip, and the same bytes each time: they are a part of a test's name."""
    return gzip.compress(content, mtime=0)
