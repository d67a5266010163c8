"""The version of this labelloop."""

from functools import cache
from importlib import metadata

NAME = "labelloop"


@cache
def own_version() -> str | None:
    """The installed version, or None if labelloop runs from a folder without being installed."""
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return None
