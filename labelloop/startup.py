"""What each process of ours does at its start: it imports our own packages, and ends with its parent."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from labelloop.errors import UserError

PACKAGES = ("schemas", "services")
ROOT = Path(__file__).resolve().parents[1]
SECONDS_BETWEEN_LOOKS = 0.5


def check_packages() -> None:
    """Raises UserError if another package shadows one of ours."""
    for name in PACKAGES:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        folder = Path(spec.origin).resolve().parent
        if folder != ROOT / name:
            raise UserError(
                f"the package {name} in {folder.parent} is not labelloop's, and shadows it: remove that "
                "folder from PYTHONPATH, or install labelloop in an environment of its own"
            )


def exit_unless_ours() -> None:
    """Exits with 2 and a one-line error if another package shadows one of ours."""
    try:
        check_packages()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def search_working_folder() -> None:
    """Allow plugins to be imported from the current folder, after all other folders."""
    if (folder := str(Path.cwd())) not in sys.path:
        sys.path.append(folder)


@contextmanager
def importing_without(module: str) -> Iterator[None]:
    """Have what is imported meanwhile find no such module, unless it is loaded."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


def stop_with_parent() -> None:
    """Send this process SIGTERM when its parent has ended, for whatever reason."""
    parent = os.getppid()
    threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGTERM)
