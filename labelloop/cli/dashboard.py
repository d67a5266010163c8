"""The dashboard beside `labelloop up` and `demo`: where it listens, and the link that logs in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from labelloop import atomic
from labelloop.config.dashboard import DEFAULT_HOST, DEFAULT_PORT
from labelloop.config.environment import DASHBOARD
from labelloop.config.home import Home
from labelloop.errors import UserError
from labelloop.serving.token import OF_DASHBOARD, login_link, token
from labelloop.supervisor.argilla import check_free, colleagues_url, free_port, local_url, recorded_address

PACKAGES = ("starlette", "uvicorn", "jinja2")
FILE = "dashboard-address.json"
FURTHER = 20
"""So many ports after the usual one are tried, so that a link is mostly the same at the next start."""


@dataclass(frozen=True)
class Dashboard:
    """Where it listens; None: nowhere. `lines`: what its user is told."""

    at: tuple[str, int] | None
    lines: tuple[str, ...] = ()


def chosen_dashboard(
    home: Home,
    host: str | None = None,
    port: int | None = None,
    environment: Mapping[str, str] = DASHBOARD,
) -> Dashboard:
    """The dashboard of a home. Without its packages there is none, unless one is asked for.

    What is not given is as the home remembers it. A port that is not given may be another one, if it is
    taken. Raises UserError.
    """
    if any(find_spec(package) is None for package in PACKAGES):
        if host is not None or port is not None:
            raise UserError("the dashboard needs its packages: run pip install 'labelloop[dashboard]'")
        return Dashboard(None)
    before_host, before_port = _recorded(home)
    host = host or before_host
    if port is not None:
        check_free(host, port)
    port = port or free_port(host, before_port, FURTHER)
    given = environment.get(OF_DASHBOARD.variable)
    word = token(None if given else home.dashboard_token, home, environment, OF_DASHBOARD).value
    lines = [f"dashboard  {login_link(local_url(host, port), word)}"]
    if (colleagues := colleagues_url(host, port)) is not None:
        lines.append(f"elsewhere  {login_link(colleagues, word)}")
    return Dashboard((host, port), tuple(lines))


def remember_dashboard(home: Home, host: str | None, port: int | None, at: tuple[str, int] | None) -> None:
    """Save what is given, or where it first listened, for the next time."""
    if at is None or (host is None and port is None and (home.path / FILE).exists()):
        return
    kept_port = at[1] if port is not None or not (home.path / FILE).exists() else _recorded(home)[1]
    atomic.write(home.path / FILE, json.dumps({"host": at[0], "port": kept_port}) + "\n")


def _recorded(home: Home) -> tuple[str, int]:
    recorded = recorded_address(home.path / FILE, "--dashboard-port")
    return (DEFAULT_HOST, DEFAULT_PORT) if recorded is None else (recorded["host"], recorded["port"])
