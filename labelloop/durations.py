"""Lengths of time as people write them."""

import re
from datetime import timedelta

UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta | None:
    """The duration of `90s`, `15min`, `2h` or `3d`. None for anything else."""
    match = re.fullmatch(r"(\d{1,6}) ?(s|min|h|d)", text.strip())
    return timedelta(**{UNITS[match[2]]: int(match[1])}) if match else None


def spoken(length: timedelta) -> str:
    """The duration in its largest whole unit: 90 s is `1 min`."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
