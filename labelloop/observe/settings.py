"""Settings of a service's observability, from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from labelloop.config.environment import OBSERVING
from labelloop.errors import UserError

HOST = "LABELLOOP_HEALTH_HOST"
PORT = "LABELLOOP_HEALTH_PORT"
STALE_AFTER = "LABELLOOP_HEALTH_STALE_AFTER"
LOG_FORMAT = "LABELLOOP_LOG_FORMAT"
HERE = "127.0.0.1"


@dataclass(frozen=True)
class Observing:
    """`port` None: no server; 0: any free port. `stale_after`: seconds without a heartbeat."""

    port: int | None = None
    host: str = HERE
    stale_after: float = 30.0
    json: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = OBSERVING) -> "Observing":
        """Raises UserError for an invalid setting."""
        return cls(
            port=_port(environment.get(PORT)),
            host=environment.get(HOST) or HERE,
            stale_after=_seconds(environment.get(STALE_AFTER) or "30"),
            json=_is_json(environment.get(LOG_FORMAT) or "text"),
        )


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
