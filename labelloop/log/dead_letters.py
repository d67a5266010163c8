"""What a group could not handle, kept with the reason until it is handled after all."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from schemas.envelope import Event


class DeadLetterStatus(StrEnum):
    """What is to happen to a dead letter."""

    DEAD = "dead"
    """Nothing, until somebody asks for it."""

    REDRIVEN = "redriven"
    """It was asked for: its group is to be given it once more."""

    SETTLED = "settled"
    """It was handled: nothing more."""


@dataclass(frozen=True)
class DeadLetter:
    """An event that a group could not handle, where the log has it, and how it stands since `time`.

    `attempts`: how often the group has failed at it in all, at last for the `reason`.
    """

    group: str
    partition: int
    offset: int
    event: Event
    reason: str
    attempts: int
    time: datetime
    standing: DeadLetterStatus = DeadLetterStatus.DEAD

    @property
    def id(self) -> str:
        """The same for each attempt of the group at the record."""
        return f"{self.group}:{self.partition}:{self.offset}"

    def redriven(self, time: datetime) -> "DeadLetter":
        return replace(self, standing=DeadLetterStatus.REDRIVEN, time=time)

    def settled(self, time: datetime) -> "DeadLetter":
        return replace(self, standing=DeadLetterStatus.SETTLED, time=time)

    def failed_again(self, reason: str, time: datetime) -> "DeadLetter":
        return replace(
            self, standing=DeadLetterStatus.DEAD, reason=reason, attempts=self.attempts + 1, time=time
        )


class DeadLetters(Protocol):
    """The dead letters of all groups of a log: a list that only grows, of which the last word counts."""

    async def put(self, *letters: DeadLetter) -> None:
        """Say how letters stand now. Raises Unavailable and UserError."""
        ...

    async def read(self) -> Mapping[str, DeadLetter]:
        """How each stands now, by id, oldest first; those that are settled too.

        Raises Unavailable and UserError.
        """
        ...
