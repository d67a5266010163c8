"""What a running service is observed by: its meters and its health."""

from dataclasses import dataclass

from labelloop.observe.health import Health
from labelloop.observe.meters import Meters


@dataclass(frozen=True)
class Instruments:
    """Those of one service in this process."""

    meters: Meters
    health: Health

    @classmethod
    def of(cls, service: str, stale_after: float = 30.0) -> "Instruments":
        return cls(Meters(service), Health(stale_after))
