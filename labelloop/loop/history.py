"""A project's history: which events count, which are dropped, and which halt the project."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from labelloop.loop.fold import advance, shared
from labelloop.loop.log_digest import START
from labelloop.loop.state import (
    InapplicableEvent,
    LoopState,
    NotCreated,
    ProjectState,
    changed,
    with_log,
)
from schemas.envelope import Event, InvalidEvent, UnknownType, datahash, id_instead
from schemas.events import EventSkipped, ProjectMoved

Held = tuple[Event, str]
ABOUT_HISTORY = (ProjectMoved.type_name(), EventSkipped.type_name())
"""Events that say which other events count."""


@dataclass(frozen=True)
class Halt:
    """Why a project is halted: an event that this process can neither fold nor skip.

    `content`: the sha256 of the event's data as found in the log.
    """

    event: str
    content: str
    position: str
    reason: str

    def __str__(self) -> str:
        return f"halted at event {self.event} ({self.position}): {self.reason}"


@dataclass(repr=False)
class History:
    """The folded events of one project in the log `log_identity` (None: any log).

    An event with a known id is dropped: it is a duplicate if the datahash is the same, otherwise a conflict,
    which the first event wins. An event that cannot be folded halts the project: later events are held
    until an EventSkipped names it. Events after a move to another log are held too, and do not count, except
    those copied here when the project moved back. A ProjectMoved with a wrong count of events moves nothing:
    another event came in between. Nor does one that brings the project back after another event than its
    cause: it moved nothing where it was written.
    """

    project: str
    log_identity: str | None = None
    datahashes: dict[str, str] = field(default_factory=dict)
    skips: dict[str, dict[str, str]] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    duplicates: int = 0
    conflicts: int = 0
    skipped: int = 0
    halt: Halt | None = None
    _state: ProjectState = field(init=False)

    def __post_init__(self) -> None:
        self._state = NotCreated(self.project)

    def __repr__(self) -> str:
        # In a word: asyncio and signal ask for it behind our back, and a long history would take seconds.
        return f"<{type(self).__name__} of {self.project}, {self._state.length} events>"

    @property
    def state(self) -> ProjectState:
        """The current state. It is never changed afterwards."""
        return shared(self._state)

    @state.setter
    def state(self, state: ProjectState) -> None:
        self._state = state

    @property
    def newest(self) -> str:
        """The id of the newest event that counts, whether its type is known or not."""
        return next(reversed(self.datahashes))

    @property
    def is_away(self) -> bool:
        """Whether the project is now in another log."""
        moved = self.moved
        return moved is not None and self.log_identity is not None and moved.log != self.log_identity

    @property
    def inactive_because(self) -> str | None:
        """Why the project is inactive: it is halted, or in another log. None if it is active."""
        if self.halt is not None:
            return str(self.halt)
        moved = self.moved
        return f"moved to {moved.address}" if moved and self.is_away else None

    @property
    def moved(self) -> ProjectMoved | None:
        """Where the project went last, as this log tells."""
        return _moved(self._state)

    def add(self, event: Event, position: str = "") -> bool:
        """Add an event. Returns True if the state changed."""
        if self.halt is not None or self.is_away:
            self.held.append((event, position))
            return self._goes_on(event)
        return self._take(event, position)

    def statement(self, event: Event) -> Event:
        """The event in a form that counts: with another id, if one with its id was skipped."""
        while event.id in self.skips and event.id not in self.datahashes:
            *_, skip = self.skips[event.id].values()
            event = replace(event, attributes={**event.attributes, "id": id_instead(event.id, skip)})
        return event

    def _take(self, event: Event, position: str) -> bool:
        if event.id in self.skips and datahash(event.data) in self.skips[event.id]:
            return False
        recorded, before = self.datahashes.get(event.id), self._state
        if recorded is not None:
            if recorded == event.datahash:
                self.duplicates += 1
            else:
                self.conflicts += 1
            return False
        try:
            self._state = self._fold(event)
        except UnknownType:
            if event.mustunderstand:
                self._halt(event, position, f"a newer labelloop wrote this {event.name}: upgrade labelloop")
            else:
                self.skipped += 1
                self._state = with_log(self._state, self._state.log.followed_by(event))
                self._count(event)
            return False
        except InvalidEvent as error:
            self._halt(event, position, f"this {event.name} is damaged ({error}): {_remedy(event)}")
            return False
        except InapplicableEvent as error:
            self._halt(
                event,
                position,
                f"this {event.name} contradicts the events before it: {error}: {_remedy(event)}",
            )
            return False
        if event.type in ABOUT_HISTORY:
            self._apply_to_history(event, before)
        self._count(event)
        return True

    def _apply_to_history(self, event: Event, before: ProjectState) -> None:
        data = event.payload
        if isinstance(data, ProjectMoved) and data.events != len(self.datahashes):
            self._state = changed(self._state, moved=_moved(before))
        if isinstance(data, EventSkipped):
            self._skip(data, event.id)

    def _fold(self, event: Event) -> ProjectState:
        return advance(self._state, event)

    def _count(self, event: Event) -> None:
        self.datahashes[event.id] = event.datahash

    def _skip(self, data: EventSkipped, skip: str) -> None:
        self.skips.setdefault(data.event, {})[data.content] = skip

    def _halt(self, event: Event, position: str, reason: str) -> None:
        self.halt = Halt(event.id, datahash(event.data), position, reason)

    def _goes_on(self, event: Event) -> bool:
        """Take the held events, if this event, the last held one, releases them. Returns whether it did."""
        data, held = _payload(event), self.held
        if self.halt is not None:
            if not isinstance(data, EventSkipped) or not _names(data, self.halt):
                return False
            self._skip(data, event.id)
            self.halt = None
        else:
            if not isinstance(data, ProjectMoved) or data.log != self.log_identity:
                return False
            copied = self._copied(data.events, event.cause)
            if copied is None:
                return False
            held = [*copied, held[-1]]
            self._state = changed(self._state, moved=None)
        self.held = []
        # What comes first may halt the project, or tell of another move: then the rest is held again.
        before = self._state
        for each in held:
            self.add(*each)
        return self._state is not before

    def _copied(self, events: int, cause: str | None) -> list[Held] | None:
        """The held events that were copied before the last one, a ProjectMoved with this count and cause.

        None if it moved nothing where it was written, or if not all of them are here.
        """
        distinct = _distinct(self.held[:-1], self.datahashes)
        void = len(self.datahashes) + len(distinct) - events
        if not 0 <= void <= len(distinct):
            return None
        copied = distinct[void:]
        last = copied[-1][0].id if copied else self.newest
        return copied if void == 0 or last == cause else None


@dataclass(repr=False)
class ChainedHistory(History):
    """A History that keeps the digest of its log after each event: `digests[n]` after the first n."""

    digests: list[str] = field(default_factory=lambda: [START])

    def begins_with(self, events: int, digest: str) -> bool:
        """Whether there are so many events, and this is the digest of the first ones."""
        return self.digests[events : events + 1] == [digest]

    def _count(self, event: Event) -> None:
        super()._count(event)
        self.digests.append(self._state.log.digest)


def _moved(state: ProjectState) -> ProjectMoved | None:
    return state.moved if isinstance(state, LoopState) else None


def _remedy(event: Event) -> str:
    return f"put back a copy of the log, or continue without the event: labelloop skip {event.id}"


def _payload(event: Event) -> object:
    try:
        return event.payload
    except (UnknownType, InvalidEvent):
        return None


def _names(skip: EventSkipped, halt: Halt) -> bool:
    return (skip.event, skip.content) == (halt.event, halt.content)


def _distinct(held: Sequence[Held], known_ids: Collection[str]) -> list[Held]:
    """Those with new ids, each where it came last: void ones are followed by those that a copy wrote."""
    newest: dict[str, Held] = {}
    for event, position in reversed(held):
        if event.id not in known_ids:
            newest.setdefault(event.id, (event, position))
    return list(newest.values())[::-1]


def all_created(histories: Iterable[History]) -> Iterator[tuple[History, LoopState]]:
    """Those whose project was created, with their states."""
    for history in histories:
        if isinstance(state := history.state, LoopState):
            yield history, state


def replay(project: str, events: Iterable[Event]) -> ProjectState:
    """The state after a project's events."""
    history = History(project)
    for event in events:
        history.add(event)
    return history.state
