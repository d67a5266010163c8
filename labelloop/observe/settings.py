"""Settings of a service's observability, from its environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from labelloop.config.environment import OBSERVING, value_in_file
from labelloop.errors import UserError

HOST = "LABELLOOP_HEALTH_HOST"
PORT = "LABELLOOP_HEALTH_PORT"
STALE_AFTER = "LABELLOOP_HEALTH_STALE_AFTER"
TOKEN = "LABELLOOP_HEALTH_TOKEN"
TOKEN_FILE = "LABELLOOP_HEALTH_TOKEN_FILE"
LOG_FORMAT = "LABELLOOP_LOG_FORMAT"
HERE = "127.0.0.1"
A_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""What RFC 6750 allows as a bearer token."""


@dataclass(frozen=True)
class Observing:
    """`port` None: no server; 0: any free port. `stale_after`: seconds without a heartbeat.

    `token`: what a request must bear; None: nothing.
    """

    port: int | None = None
    host: str = HERE
    stale_after: float = 30.0
    json: bool = False
    token: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = OBSERVING) -> "Observing":
        """Raises UserError for an invalid setting."""
        return cls(
            port=_port(environment.get(PORT)),
            host=environment.get(HOST) or HERE,
            stale_after=_seconds(environment.get(STALE_AFTER) or "30"),
            json=_is_json(environment.get(LOG_FORMAT) or "text"),
            token=read_token(environment),
        )


def read_token(environment: Mapping[str, str] = OBSERVING) -> str | None:
    """The token of the health pages, given by itself or in a file. None: there is none. Raises UserError."""
    path = environment.get(TOKEN_FILE)
    name, token = (TOKEN_FILE, value_in_file(TOKEN_FILE, path)) if path else (TOKEN, environment.get(TOKEN))
    if token is None or (token == "" and not path):
        return None
    if not A_TOKEN.fullmatch(token):
        raise UserError(f"{name} gives no bearer token: make one, for example with `openssl rand -hex 32`")
    return token


def bearing(token: str | None) -> dict[str, str]:
    """The headers of a request that bears the token."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def _port(value: str | None) -> int | None:
    if not value:
        return None
    if not value.isdecimal() or int(value) > 65535:
        raise UserError(f"{PORT} is {value!r}: give a port, or 0 for any that is free")
    return int(value)


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UserError(f"{STALE_AFTER} is {value!r}: give seconds, for example 30")
    return seconds


def _is_json(value: str) -> bool:
    if value not in ("json", "text"):
        raise UserError(f"{LOG_FORMAT} is {value!r}: give json or text")
    return value == "json"
