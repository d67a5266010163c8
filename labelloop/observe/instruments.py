"""What a running service is observed by: its meters, its health, and what it says it waits for."""

from dataclasses import dataclass, field

from labelloop.observe.health import Health
from labelloop.observe.metrics import Metrics
from labelloop.observe.outages import Outages


@dataclass(frozen=True)
class Instruments:
    """Those of one service in this process."""

    metrics: Metrics
    health: Health
    outages: Outages = field(default_factory=Outages)

    @classmethod
    def of(cls, service: str, stale_after: float = 30.0) -> "Instruments":
        return cls(Metrics(service), Health(stale_after))
