"""How people share out texts: where in a batch each starts, and which texts are on whose screen.

A page says by a header that it shows a person's queue. What it gets is held for that person until it is
answered, the page is left, or nothing was asked for a while. This is kept in memory: after a restart, screens
ask again.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = b"x-labelloop-screen"
HELD_SECONDS = 120.0
BESIDES_THE_ASKED = 2
MOST_ASKED = 200
MOST_GIVEN = 1000

SCREEN: ContextVar[str | None] = ContextVar("screen", default=None)
"""What the page of a request says: `queue` while it shows one, `left` when it is left, otherwise None."""


@dataclass(frozen=True)
class Seat:
    """Where a walk through a batch starts, as a share of its size, and its direction."""

    start: float
    forward: bool


def seat(number: int) -> Seat:
    """The seat of the `number`-th person (from 0).

    Seats 2k and 2k + 1 start at the same point and walk in opposite directions, so that they meet only when
    the batch is done. The starting points are spread evenly (van der Corput's sequence).
    """
    return Seat(start=_van_der_corput(number // 2), forward=number % 2 == 0)


def _van_der_corput(number: int) -> float:
    share, weight = 0.0, 0.5
    while number:
        number, bit = divmod(number, 2)
        share += bit * weight
        weight /= 2
    return share


class Screens:
    """Middleware that tells what the page of a request says about its screen."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            header = dict(scope["headers"]).get(HEADER)
            SCREEN.set(header.decode("latin-1") if header else None)
        await self._app(scope, receive, send)


@dataclass
class _Held:
    records: list[UUID] = field(default_factory=list)
    most: int = 0
    until: float = 0.0


class Reservations:
    """The texts that each person has on screen, in the order in which they were given."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.lock = asyncio.Lock()
        self._clock = clock
        self._held: dict[UUID, _Held] = {}

    def hold(self, user: UUID, records: Iterable[UUID], count: int) -> None:
        """Hold records for a person, and the others of this person for as long again.

        Only the newest are kept from others: as many as were asked for at once (the page asks for no more
        than MOST_ASKED), and BESIDES_THE_ASKED.
        """
        held = self._held.setdefault(user, _Held())
        held_before = set(held.records)
        held.records += [record for record in records if record not in held_before]
        del held.records[:-MOST_GIVEN]
        held.most = min(count, MOST_ASKED) + BESIDES_THE_ASKED
        held.until = self._clock() + HELD_SECONDS

    def of(self, user: UUID) -> list[UUID]:
        """What this person was given and has not answered."""
        self._forget_old()
        return list(self._held[user].records) if user in self._held else []

    def of_others(self, user: UUID) -> Counter[UUID]:
        """By record, how many other people have it on screen."""
        self._forget_old()
        return Counter(
            record
            for other, held in self._held.items()
            if other != user
            for record in held.records[-held.most :]
        )

    def answered(self, user: UUID, record: UUID) -> None:
        """The person has answered the record."""
        if user in self._held and record in self._held[user].records:
            self._held[user].records.remove(record)

    def leave(self, user: UUID) -> None:
        """The person shows no queue any more."""
        self._held.pop(user, None)

    def _forget_old(self) -> None:
        now = self._clock()
        self._held = {user: held for user, held in self._held.items() if held.until > now}
