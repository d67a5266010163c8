"""The folder of an output that is under way: a kill loses at most the part at which it worked."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelloop import atomic
from labelloop.errors import UserError

ENDING = ".unfinished"
ABOUT, LOCK, ROWS, COLUMNS, SCORES = "about.json", "lock", "rows.arrow", "columns.json", "scores"


@dataclass(frozen=True)
class Unfinished:
    """What lies in the folder is of one model and of the texts that `about` names."""

    folder: Path

    @property
    def rows(self) -> Path:
        """The texts of files, once they are read."""
        return self.folder / ROWS

    @property
    def columns(self) -> Path:
        """The user's columns beside these texts."""
        return self.folder / COLUMNS

    @property
    def scores(self) -> Path:
        """The folder with a file of probabilities for each chunk."""
        return self.folder / SCORES

    def about(self) -> Mapping[str, Any]:
        """What it was begun with, or nothing."""
        with suppress(OSError, ValueError):
            content: Mapping[str, Any] = json.loads((self.folder / ABOUT).read_text(encoding="utf-8"))
            return content
        return {}

    def begin(self, about: Mapping[str, Any]) -> None:
        """Keep what is there if it is about the same, and else begin anew."""
        if self.about() != about:
            for name in (ABOUT, ROWS, COLUMNS, SCORES):
                atomic.remove(self.folder / name)
            atomic.write(self.folder / ABOUT, json.dumps(about), mode=atomic.THIS_USER)

    def scored_chunks(self) -> int:
        """How many chunks are scored."""
        return sum(1 for _ in self.scores.glob("*.npy"))

    def remove(self) -> None:
        atomic.remove(self.folder)

    def has_work(self) -> bool:
        """Whether there is anything that would have to be done again."""
        with suppress(OSError):
            return any(
                each.name not in (LOCK, ABOUT) and (each.is_file() or any(each.iterdir()))
                for each in self.folder.iterdir()
            )
        return False


@contextmanager
def beside(output: Path | None, command: str = "predict") -> Iterator[Unfinished]:
    """The folder beside an output, which stays until it is removed; without one, one that goes at the end.

    Raises UserError if it cannot be written, or another process holds it.
    """
    if output is None:
        with tempfile.TemporaryDirectory(prefix="labelloop-") as scratch:
            yield Unfinished(Path(scratch))
        return
    folder = output.with_name(f"{output.name}{ENDING}")
    is_new = not output.parent.exists()
    try:
        atomic.make_folder(output.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, atomic.THIS_USER)
    except OSError as error:
        raise UserError(f"cannot write {output} ({error.strerror}): give another --output") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield Unfinished(folder)
    except BlockingIOError as error:
        raise UserError(f"another `labelloop {command}` writes {output}: wait for it, or stop it") from error
    except UserError:
        if not (unfinished := Unfinished(folder)).has_work():
            unfinished.remove()
            if is_new:
                with suppress(OSError):
                    output.parent.rmdir()
        raise
    finally:
        os.close(lock)
