"""Look at the records of a data set often, without reading them each time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from labelloop.oracle.argilla import Argilla, Dataset, StoredRecord
from labelloop.oracle.argilla.transport import utc

FRESH = 2.5
"""Seconds after which records are read again even if nobody answered: they may have been deleted."""
FRESH_AT_REST = 30.0
REST = timedelta(minutes=15)
"""How long nobody has answered when a data set rests. All that rest together would keep Argilla busy."""
AT_ONCE = 0.2
"""Seconds in which it is not asked again whether somebody answered: the batches of one look."""
QUIET = timedelta(days=1)


@dataclass(frozen=True)
class _Look:
    """A batch's records, and when they were read."""

    at: float
    records: list[StoredRecord]


class Looks:
    """Looks at one data set. Each raises Missing if it is gone."""

    def __init__(self, argilla: Argilla, dataset: Dataset, clock: Callable[[], float]) -> None:
        self.dataset = dataset
        self._argilla = argilla
        self._clock = clock
        self._activity: str | None = None
        self._asked_activity = float("-inf")
        self._is_to_read_anew = False
        self._looks: dict[int, _Look] = {}

    async def records(self, batch: int) -> list[StoredRecord]:
        """The batch's records. If nobody answered since, those of a moment ago: an answer is cheap to see."""
        now = self._clock()
        await self._ask_activity(now)
        look = self._looks.get(batch)
        if look is None or now - look.at > (FRESH_AT_REST if self._rests else FRESH):
            look = _Look(now, await self._argilla.records(self.dataset, batch, suggestions=False))
            self._looks[batch] = look
        return look.records

    async def is_quiet(self) -> bool:
        """Whether nobody has answered for a day."""
        await self._ask_activity(self._clock())
        return self._unanswered is None or self._unanswered > QUIET

    async def rests(self) -> bool:
        """Whether nobody has answered for a quarter of an hour."""
        await self._ask_activity(self._clock())
        return self._rests

    def clear(self) -> None:
        """Forget what was read."""
        self._looks.clear()

    def read_anew(self) -> None:
        """Read everything anew next time: somebody has just answered."""
        self._is_to_read_anew = True

    @property
    def answered_at(self) -> str | None:
        """When somebody answered last, as the server wrote it when it was asked."""
        return self._activity

    @property
    def _rests(self) -> bool:
        return self._unanswered is not None and self._unanswered > REST

    @property
    def _unanswered(self) -> timedelta | None:
        """How long ago somebody answered. None: it is not known."""
        return None if self._activity is None else datetime.now(UTC) - utc(self._activity)

    async def _ask_activity(self, now: float) -> None:
        reads_anew, self._is_to_read_anew = self._is_to_read_anew, False
        if reads_anew or now - self._asked_activity > AT_ONCE:
            activity = await self._argilla.last_activity(self.dataset)
            if reads_anew or activity is None or activity != self._activity:
                self._looks.clear()
            self._activity, self._asked_activity = activity, now
