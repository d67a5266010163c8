"""The folder for caches: files that can be downloaded or computed again."""

from collections.abc import Mapping
from pathlib import Path

from labelloop.config.environment import CACHES
from labelloop.errors import UserError

CACHE = "LABELLOOP_CACHE"


def cache_folder(environment: Mapping[str, str] = CACHES) -> Path:
    """The folder of all caches: LABELLOOP_CACHE, or the user's own. Raises UserError if there is none."""
    given = environment.get(CACHE)
    basis = environment.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return (Path(given) if given else Path(basis) / "labelloop").expanduser().absolute()
    except RuntimeError as error:
        raise UserError(f"there is no home folder for a cache: set {CACHE} to a folder") from error
