"""A project's history as it is read: which events count, which are dropped, which halt the project."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from labelloop.loop.fold import Unfit, fold
from labelloop.loop.state import LoopState
from schemas.envelope import Event, InvalidEvent, UnknownType


@dataclass(frozen=True)
class Halt:
    """Why a project cannot go on: an event that this process can neither fold nor skip."""

    event: str
    place: str
    reason: str

    def __str__(self) -> str:
        return f"halted at event {self.event} ({self.place}): {self.reason}"


@dataclass
class History:
    """The events of one project so far, folded.

    An event whose id is there already is dropped: a duplicate when the datahash is the same, else a
    conflict, in which the first in the log wins. An event that cannot be folded halts the project, and
    nothing after it counts.
    """

    project: str
    state: LoopState = field(init=False)
    seen: dict[str, str] = field(default_factory=dict)
    duplicates: int = 0
    conflicts: int = 0
    skipped: int = 0
    halt: Halt | None = None

    def __post_init__(self) -> None:
        self.state = LoopState(self.project)

    def add(self, event: Event, place: str = "") -> bool:
        """Take one event more; True when the state went on."""
        if self.halt is not None:
            return False
        before = self.seen.get(event.id)
        if before is not None:
            if before == event.datahash:
                self.duplicates += 1
            else:
                self.conflicts += 1
            return False
        try:
            self.state = fold(self.state, event)
        except UnknownType:
            if event.mustunderstand:
                self._halt(event, place, f"a newer labelloop wrote this {event.name}: upgrade labelloop")
            else:
                self.skipped += 1
                self.seen[event.id] = event.datahash
            return False
        except InvalidEvent as error:
            self._halt(event, place, f"this {event.name} is damaged ({error}): put back a copy of the log")
            return False
        except Unfit as error:
            self._halt(event, place, f"this {event.name} does not fit: {error}: put back a copy of the log")
            return False
        self.seen[event.id] = event.datahash
        return True

    def _halt(self, event: Event, place: str, reason: str) -> None:
        self.halt = Halt(event.id, place, reason)


def replay(project: str, events: Iterable[Event]) -> LoopState:
    """The state that a project's events lead to."""
    history = History(project)
    for event in events:
        history.add(event)
    return history.state
