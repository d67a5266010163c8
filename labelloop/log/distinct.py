"""Events without those that a log holds twice."""

from labelloop.log.base import Record


class Distinct:
    """Tells duplicates: events that came before under the same id, with the same data."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def is_new(self, record: Record) -> bool:
        """False for a duplicate; what holds no event is new, and so is a conflict."""
        if record.event is None:
            return True
        first = self._seen.get(record.event.id)
        if first is None:
            self._seen[record.event.id] = record.event.datahash
        return first != record.event.datahash
