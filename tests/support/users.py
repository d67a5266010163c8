"""Other users of this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def nobody(folder: Path) -> Iterator[None]:
    """Be a user without rights, who can reach the folder: root may use what nobody may."""
    if os.geteuid() != 0:
        yield
        return
    closed = {place: place.stat().st_mode for place in folder.parents if not place.stat().st_mode & 0o001}
    for place, mode in closed.items():
        place.chmod(mode | 0o011)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        for place, mode in closed.items():
            place.chmod(mode)
