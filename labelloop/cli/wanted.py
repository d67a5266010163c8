"""Which events of a log are shown. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from labelloop.log.codec import to_structured
from schemas.envelope import Event


@dataclass(frozen=True)
class Wanted:
    """Those that meet all that is given; `batch` and `model` are what the data name so."""

    project: str | None = None
    names: Collection[str] = ()
    batch: str | None = None
    model: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    pattern: re.Pattern[str] | None = None

    def has(self, event: Event) -> bool:
        if self.project is not None and event.project != self.project:
            return False
        if self.names and event.name not in self.names:
            return False
        if (self.since and event.time < self.since) or (self.until and event.time > self.until):
            return False
        if self.pattern and not self.pattern.search(event.data.decode(errors="replace")):
            return False
        return self._speaks_of("batch", self.batch, event) and self._speaks_of("model", self.model, event)

    def _speaks_of(self, field: str, name: str | None, event: Event) -> bool:
        if name is None:
            return True
        data: Any = to_structured(event).get("data")
        return isinstance(data, dict) and data.get(field) == name
