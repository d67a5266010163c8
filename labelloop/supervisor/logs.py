"""The services' log files, kept from growing without an end."""

import shutil
from contextlib import suppress
from pathlib import Path

LARGEST = 5_000_000
TAIL = 4096


def rotate(log: Path, largest: int = LARGEST) -> None:
    """Move what a log holds to `<log>.1` once it is larger than `largest` bytes.

    The file itself stays, emptied, so that a process that appends to it goes on.
    """
    with suppress(OSError):
        if log.stat().st_size > largest:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as file:
                file.truncate(0)


def last_line(log: Path) -> str:
    """The last line that says something; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
