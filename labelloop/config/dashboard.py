"""The settings of the dashboard, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from labelloop.config.environment import DASHBOARD
from labelloop.config.service_settings import argilla_headers, needed, number
from labelloop.errors import UserError

HOST, PORT = "LABELLOOP_DASHBOARD_HOST", "LABELLOOP_DASHBOARD_PORT"
TOKEN, TOKEN_FILE = "LABELLOOP_DASHBOARD_TOKEN", "LABELLOOP_DASHBOARD_TOKEN_FILE"
NAMES = "LABELLOOP_DASHBOARD_NAMES"
STATE = "LABELLOOP_DASHBOARD_STATE"
WATCH = "LABELLOOP_DASHBOARD_WATCH"
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 6910


@dataclass(frozen=True)
class DashboardSettings:
    """Where the dashboard listens, and what it shows.

    `state`: the folder of what it keeps of the log. `token_file`: holds the token of the link; None: the
    environment does, or it is made in `state`. `names`: the host names by which a browser may ask for it,
    beside addresses and those of this machine. `watch`: the address of each service's health pages, by name.
    `store`: where pools are; None: texts are not shown. `argilla`: the address that people open;
    by the others the data sets of projects are found in it.
    """

    log: str
    state: Path
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    token_file: Path | None = None
    names: tuple[str, ...] = ()
    watch: Mapping[str, str] = field(default_factory=dict)
    store: str | None = None
    argilla: str | None = None
    argilla_url: str | None = None
    argilla_key: str | None = field(default=None, repr=False)
    argilla_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    run: Path | None = None
    parent: int | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = DASHBOARD) -> "DashboardSettings":
        """Raises UserError if a setting is missing or invalid."""
        port = number(environment, PORT, DEFAULT_PORT)
        if port > 65535:
            raise UserError(f"{PORT} is {port}: give a port, or 0 for any that is free")
        return cls(
            log=needed(environment, "LABELLOOP_LOG"),
            state=Path(needed(environment, STATE)),
            host=environment.get(HOST) or DEFAULT_HOST,
            port=port,
            token_file=_path(environment.get(TOKEN_FILE)),
            names=tuple((environment.get(NAMES) or "").lower().split()),
            watch=dict(_address(each) for each in (environment.get(WATCH) or "").split()),
            store=environment.get("LABELLOOP_STORE") or None,
            argilla=environment.get("LABELLOOP_ARGILLA_PUBLIC_URL")
            or environment.get("LABELLOOP_ARGILLA_URL")
            or None,
            argilla_url=environment.get("LABELLOOP_ARGILLA_URL") or None,
            argilla_key=environment.get("LABELLOOP_ARGILLA_KEY") or None,
            argilla_headers=argilla_headers(environment),
            run=_path(environment.get("LABELLOOP_RUN")),
            parent=number(environment, "LABELLOOP_PARENT", 0) or None,
        )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _address(pair: str) -> tuple[str, str]:
    name, equals, url = pair.partition("=")
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not (equals and name and is_address):
        raise UserError(f"{WATCH}: {pair!r} is no address of a service: give trainer=http://trainer:8080")
    return name, url.rstrip("/")
