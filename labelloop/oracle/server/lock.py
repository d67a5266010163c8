"""One server a home."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labelloop.errors import UserError


@contextmanager
def hold(home: Path) -> Iterator[None]:
    """Hold `home` until the block or the process ends; raises UserError where another server does."""
    with (home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"another Argilla server runs in {home}: stop it, or give another --home"
            ) from error
        yield
