"""Dead letters: events that a group could not handle, kept with the reason until they are handled."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from schemas.envelope import Event


class DeadLetterStatus(StrEnum):
    """The status of a dead letter."""

    DEAD = "dead"
    """It waits until somebody asks for redelivery."""

    REDRIVEN = "redriven"
    """Redelivery was requested: its group will get it again."""

    SETTLED = "settled"
    """It was handled."""


@dataclass(frozen=True)
class DeadLetter:
    """An event that a group could not handle, its place in the log, and its status since `time`.

    `attempts`: the total number of failed attempts. `reason`: why the last one failed.
    """

    group: str
    partition: int
    offset: int
    event: Event
    reason: str
    attempts: int
    time: datetime
    status: DeadLetterStatus = DeadLetterStatus.DEAD

    @property
    def id(self) -> str:
        """The id of the dead letter: the same for every attempt of the group at the record."""
        return f"{self.group}:{self.partition}:{self.offset}"

    def redriven(self, time: datetime) -> "DeadLetter":
        return replace(self, status=DeadLetterStatus.REDRIVEN, time=time)

    def settled(self, time: datetime) -> "DeadLetter":
        return replace(self, status=DeadLetterStatus.SETTLED, time=time)

    def failed_again(self, reason: str, time: datetime) -> "DeadLetter":
        return replace(
            self, status=DeadLetterStatus.DEAD, reason=reason, attempts=self.attempts + 1, time=time
        )


class DeadLetters(Protocol):
    """The dead letters of all groups of a log: an append-only list, in which a letter's last entry counts."""

    async def put(self, *letters: DeadLetter) -> None:
        """Record the current status of letters. Raises Unavailable and UserError."""
        ...

    async def read(self) -> Mapping[str, DeadLetter]:
        """The current status of every letter by id, oldest first, including handled ones.

        Raises Unavailable and UserError.
        """
        ...
