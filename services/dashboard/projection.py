"""Take records of the log into the read model, and fold each project on the way."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import msgspec

from labelloop.log.base import Record
from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.projects.event_lines import about
from labelloop.projects.progress import Settled, settled
from labelloop.runtime import state_cache
from labelloop.runtime.state_cache import UnusableCache
from schemas.envelope import Event
from services.dashboard.read_model import ReadModel, StoredEvent, packed
from services.dashboard.texts import rows_of

MOST_HELD = 80_000
"""Texts and events of the folds that are in memory at once, each about a kilobyte. One is always."""
ABOUT_ALL = ("LabelsChanged", "EventSkipped", "ProjectMoved")
"""Events after which the texts of all batches may be others."""
ALL = "*"
"""All batches, where one is named. No batch is called so."""
SAVE_AFTER = 500
SAVE_SHARE = 20
"""So many events are folded again at a start at most, or this part of a long history."""
EVENTS_OF_A_TEXT = 3
"""As much memory as a text takes, so many events do."""

Made = TypeVar("Made")
Figures = Callable[[History], Mapping[str, str]]
Glance = Callable[[History, Settled | None], Mapping[str, str]]
_decoder = msgspec.json.Decoder()


@dataclass
class Held:
    """A project's fold in memory, the number of its last event, and how many are not saved."""

    history: History
    seq: int
    unsaved: int = 0
    _settled: tuple[object, object, Settled] | None = None

    @property
    def is_worth_saving(self) -> bool:
        """Whether so many events are not saved that a start would notice."""
        return self.unsaved >= max(SAVE_AFTER, len(self.history.datahashes) // SAVE_SHARE)

    @property
    def settled(self) -> Settled | None:
        """What the batches that are done come to: counted again only when one of them has changed."""
        state = self.history.state
        if not isinstance(state, LoopState):
            return None
        newest = max(state.batches.values(), key=lambda batch: batch.position, default=None)
        revision = newest.revisions[-1] if newest is not None and newest.done else None
        known = self._settled
        if known is None or known[0] is not revision or known[1] is not state.label_changes:
            known = self._settled = revision, state.label_changes, settled(state)
        return known[2]

    @property
    def weight(self) -> int:
        state = self.history.state
        picks = state.picks if isinstance(state, LoopState) else 0
        return picks + len(self.history.datahashes) // EVENTS_OF_A_TEXT


class Projector:
    """Takes records in the order of the log: rows, folds and the position change together.

    `identity`: the log's. Projects whose fold is not in memory are folded again from what is kept.
    """

    def __init__(self, model: ReadModel, identity: str) -> None:
        self._model = model
        self._identity = identity
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._asked: dict[str, set[str | None]] = {}
        # One thread: each that made much once would keep as much memory.
        self._beside = ThreadPoolExecutor(1, "beside")

    def forget(self) -> None:
        """Fold again: what is in memory may be ahead of what is kept."""
        self._held.clear()

    def take(self, records: Sequence[Record]) -> set[str]:
        """Keep the records that are new. Returns the projects that changed.

        Raises Unavailable, after which nothing of them is kept, and AnotherLog.
        """
        changed = set[str]()
        self._asked = {}
        try:
            with self._model.transaction():
                for record in records:
                    if self._model.knows(record):
                        continue
                    if record.event is None:
                        self._model.add_stranger(record)
                    else:
                        self._take(record, record.event)
                        changed.add(record.event.project)
                    self._model.moves_to(record)
                self._keep_texts()
        except BaseException:
            self.forget()
            raise
        self._evict()
        return changed

    def history(self, project: str) -> History:
        """A project's history as it is kept."""
        return self._fold(project).history

    def figure(self, project: str, figures: Glance) -> None:
        """Keep a project's figures as they are now."""
        held = self._fold(project)
        self._keep(project, held.seq, figures(held.history, held.settled))

    async def figure_beside(self, project: str, figures: Figures) -> float:
        """The same, while events are taken and pages are answered. The figures must be of the state alone.

        Returns the seconds of a processor that it took.
        """
        held, group = self._fold(project), self._model.group
        seq, history = held.seq, History(project, self._identity)
        history.state = held.history.state
        made, seconds = await self._timed_beside(partial(figures, history))
        if group == self._model.group:
            self._keep(project, seq, made)
        return seconds

    def _keep(self, project: str, seq: int, figures: Mapping[str, str]) -> None:
        with self._model.transaction():
            self._model.save_figures(project, seq, figures)

    def save(self) -> None:
        """Keep the folds that are worth it, so that a start need not fold all again."""
        for project, held in self._worth_saving():
            self._keep_fold(project, held.seq, _packed(held.history))
            held.unsaved = 0

    async def save_beside(self) -> float:
        """The same, while events are taken and pages are answered.

        Returns the seconds of a processor that it took.
        """
        seconds = 0.0
        for project, held in self._worth_saving():
            group, seq, unsaved = self._model.group, held.seq, held.unsaved
            as_it_is = replace(
                held.history, datahashes=dict(held.history.datahashes), skips=deepcopy(held.history.skips)
            )
            as_it_is.state = held.history.state
            content, took = await self._timed_beside(partial(_packed, as_it_is))
            seconds += took
            if group == self._model.group:
                self._keep_fold(project, seq, content)
                held.unsaved -= unsaved
        return seconds

    async def _timed_beside(self, make: Callable[[], Made]) -> tuple[Made, float]:
        return await asyncio.get_running_loop().run_in_executor(self._beside, _timed, make)

    def _worth_saving(self) -> list[tuple[str, Held]]:
        return [
            (project, held)
            for project, held in self._held.items()
            if held.is_worth_saving and held.history.halt is None and not held.history.held
        ]

    def _keep_fold(self, project: str, seq: int, content: bytes) -> None:
        with self._model.transaction():
            self._model.save_fold(project, seq, content)

    def _take(self, record: Record, event: Event) -> None:
        held = self._fold(event.project)
        note = _note(held.history, lambda: held.history.add(event, record.position))
        facts = _facts(event)
        batch, model = _name(facts.get("batch")), _name(facts.get("model"))
        held.seq = self._model.add(StoredEvent(record, event, batch, model, about(facts), note))
        held.unsaved += 1
        # The state itself is looked at once for all records: what was looked at is copied with the next one.
        if note is None:
            about_these = ALL if event.name in ABOUT_ALL else batch
            self._asked.setdefault(event.project, set()).add(about_these)

    def _keep_texts(self) -> None:
        """Keep the texts of the batches that changed, once for all events that changed them."""
        for project, names in self._asked.items():
            state = self._fold(project).history.state
            if isinstance(state, LoopState):
                these = state.batches if ALL in names else filter(None, names)
                for batch in filter(None, map(state.batches.get, these)):
                    self._model.save_texts(project, batch.name, rows_of(state, batch))

    def _fold(self, project: str) -> Held:
        held = self._held.get(project)
        if held is None:
            held = self._held[project] = self._folded(project)
        self._held.move_to_end(project)
        return held

    def _folded(self, project: str) -> Held:
        held = self._saved(project) or Held(History(project, self._identity), 0)
        for seq, position, event in self._model.events(project, held.seq):
            held.history.add(event, position)
            held.seq, held.unsaved = seq, held.unsaved + 1
        return held

    def _saved(self, project: str) -> Held | None:
        saved = self._model.fold(project)
        if saved is None:
            return None
        try:
            (history,) = state_cache.load(saved[1], self._identity)
        except (UnusableCache, ValueError):
            return None
        return Held(history, saved[0])

    def _evict(self) -> None:
        weight = sum(held.weight for held in self._held.values())
        while weight > MOST_HELD and len(self._held) > 1:
            _, held = self._held.popitem(last=False)
            weight -= held.weight


def _note(history: History, add: Callable[[], bool]) -> str | None:
    """Why an event does not count, or None if it does."""
    duplicates, conflicts, skipped = history.duplicates, history.conflicts, history.skipped
    was_inactive = history.inactive_because is not None
    if add() or history.skipped > skipped:
        return None
    if history.duplicates > duplicates:
        return "duplicate"
    if history.conflicts > conflicts:
        return "conflict"
    if was_inactive:
        return "waits"
    return "halts the project" if history.halt is not None else "void"


def _facts(event: Event) -> Mapping[str, Any]:
    try:
        data = _decoder.decode(event.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _packed(history: History) -> bytes:
    return packed(state_cache.dump([history]))


def _timed(make: Callable[[], Made]) -> tuple[Made, float]:
    """What is made, and the seconds of a processor that this thread took for it."""
    began = time.thread_time()
    return make(), time.thread_time() - began


def _name(value: object) -> str | None:
    return value if isinstance(value, str) else None
