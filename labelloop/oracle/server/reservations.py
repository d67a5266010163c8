"""How people share out texts: where in a batch each starts, and which texts are on whose screen.

A page says by a header that it shows a person's queue. What it gets is held for that person until it is
answered, the page is left, or nothing was asked for a while. This is kept in memory: after a restart, screens
ask again.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
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
    given: list[UUID] = field(default_factory=list)
    kept: dict[UUID, int] = field(default_factory=dict)
    """What is kept from others, shown last at the end, with the turn in which it was first kept."""
    until: float = 0.0


class Reservations:
    """The texts that each person has on screen, in the order in which they were given, by data set."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.lock = asyncio.Lock()
        self._clock = clock
        self._turns = count()
        self._held: dict[tuple[UUID, UUID], _Held] = {}

    def hold(self, user: UUID, dataset: UUID, records: Iterable[UUID], asked: int) -> None:
        """Hold records for a person, and the others of this person for as long again.

        Only those shown last are kept from others: as many as were asked for at once (the page asks for no
        more than MOST_ASKED), and BESIDES_THE_ASKED. What is no longer kept may be on another screen by now:
        it is kept again only when it is shown again.
        """
        held = self._held.setdefault((user, dataset), _Held())
        given_before = set(held.given)
        turn = next(self._turns)
        for record in records:
            if record not in given_before:
                held.given.append(record)
            held.kept[record] = held.kept.pop(record, turn)
        del held.given[:-MOST_GIVEN]
        for record in list(held.kept)[: -(min(asked, MOST_ASKED) + BESIDES_THE_ASKED)]:
            del held.kept[record]
        held.until = self._clock() + HELD_SECONDS

    def of(self, user: UUID, dataset: UUID) -> list[UUID]:
        """What this person was given and has not answered."""
        self._forget_old()
        held = self._held.get((user, dataset))
        return list(held.given) if held else []

    def before(self, user: UUID, dataset: UUID) -> dict[UUID, set[UUID]]:
        """By record, the other people who have it on screen, since before this person had it.

        One is first, lest each waits for the other when an answer of a third leaves only one to be given.
        """
        self._forget_old()
        own = self._held.get((user, dataset), _Held()).kept
        people: dict[UUID, set[UUID]] = {}
        for (other, of), held in self._held.items():
            for record, turn in held.kept.items() if of == dataset and other != user else ():
                if record not in own or turn < own[record]:
                    people.setdefault(record, set()).add(other)
        return people

    def answered(self, user: UUID, record: UUID) -> None:
        """The person has answered the record."""
        for (holder, _), held in self._held.items():
            if holder == user and record in held.given:
                held.given.remove(record)
            if holder == user:
                held.kept.pop(record, None)

    def leave(self, user: UUID, dataset: UUID | None = None) -> None:
        """The person shows no queue any more, of this data set or of any."""
        for holder, of in list(self._held):
            if holder == user and dataset in (of, None):
                del self._held[holder, of]

    def _forget_old(self) -> None:
        now = self._clock()
        self._held = {whose: held for whose, held in self._held.items() if held.until > now}
