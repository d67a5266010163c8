"""The environment of this process, which only this module reads, and labelloop's installed version."""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from labelloop.errors import UserError


class Variables(Mapping[str, str]):
    """The current values of these variables. A name that ends with `_` is a prefix."""

    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)
        self._prefixes = tuple(name for name in names if name.endswith("_"))

    def __getitem__(self, name: str) -> str:
        if not self._has(name):
            raise KeyError(name)
        return os.environ[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in list(os.environ) if self._has(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _has(self, name: str) -> bool:
        return name in self._names or name.startswith(self._prefixes)


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""How this machine calls itself: no proxy that the environment names is asked for it."""
SERVICE = Variables(
    "LABELLOOP_LOG",
    "LABELLOOP_STORE",
    "LABELLOOP_ORACLE",
    "LABELLOOP_ARGILLA_",
    "LABELLOOP_WEBHOOK_",
    "LABELLOOP_RUN",
    "LABELLOOP_THREADS",
    "LABELLOOP_ENGINE",
    "LABELLOOP_KEEP_MODELS",
    "LABELLOOP_PARENT",
)
OBSERVING = Variables("LABELLOOP_HEALTH_", "LABELLOOP_LOG_FORMAT")
ALERTS = Variables(
    "LABELLOOP_ALERT", "LABELLOOP_ALERT_", "LABELLOOP_LOG", "LABELLOOP_RUN", "LABELLOOP_PARENT"
)
DASHBOARD = Variables(
    "LABELLOOP_DASHBOARD_",
    "LABELLOOP_ALERT_RULE",
    "LABELLOOP_LOG",
    "LABELLOOP_STORE",
    "LABELLOOP_RUN",
    "LABELLOOP_PARENT",
    "LABELLOOP_ARGILLA_URL",
    "LABELLOOP_ARGILLA_PUBLIC_URL",
    "LABELLOOP_ARGILLA_KEY",
    "LABELLOOP_ARGILLA_HEADERS",
)
KAFKA = Variables("LABELLOOP_KAFKA_")
CACHES = Variables("LABELLOOP_CACHE", "XDG_CACHE_HOME")
STORE = Variables("LABELLOOP_STORE_OPTIONS", "LABELLOOP_CACHE", "LABELLOOP_CACHE_GB", "XDG_CACHE_HOME")
MACHINES = Variables("LABELLOOP_LLM_")
PLUGINS = Variables("LABELLOOP_PLUGINS")
SERVING = Variables("LABELLOOP_SERVE_TOKEN")
LEARNER = Variables("LABELLOOP_LEARNER", "LABELLOOP_ENGINE")
OPENMP = Variables("OMP_")
ANNOTATORS = Variables("LABELLOOP_ANNOTATOR_KEYS", "LABELLOOP_ARGILLA_HEADERS")
ALL: Mapping[str, str] = os.environ
"""All variables, for hiding secrets in logs: any variable may hold one."""


def value_in_file(variable: str, path: str) -> str:
    """The value that a file holds, whose path a variable gives. Raises UserError."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}, which {variable} names, cannot be read ({error})") from error


def prefer(variables: Mapping[str, str]) -> None:
    """Set those variables of this process and its children that are not set."""
    for name, value in variables.items():
        os.environ.setdefault(name, value)


def choose(name: str, value: str) -> None:
    """Set a variable of this process and its children."""
    os.environ[name] = value


def of_child(additions: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child process."""
    return {**ALL, **additions}


@cache
def own_version() -> str | None:
    """The installed version, or None if labelloop runs from a folder without being installed."""
    from importlib import metadata

    try:
        return metadata.version("labelloop")
    except metadata.PackageNotFoundError:
        return None
