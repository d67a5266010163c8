"""Take records of the log into the read model, and fold each project on the way."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labelloop.log.base import Record
from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.projects.event_lines import about
from labelloop.runtime import state_cache
from labelloop.runtime.state_cache import UnusableCache
from schemas.envelope import Event
from services.dashboard.read_model import ReadModel, Row
from services.dashboard.texts import rows_of

MOST_HELD = 80_000
"""Texts and events of the folds that are in memory at once, each about a kilobyte. One is always."""
ABOUT_ALL = ("LabelsChanged", "EventSkipped", "ProjectMoved")
"""Events after which the texts of all batches may be others."""
SAVE_AFTER = 500
"""So many events are folded again at a start at most."""
EVENTS_OF_A_TEXT = 3
"""As much memory as a text takes, so many events do."""

Figures = Callable[[History], Mapping[str, str]]


@dataclass
class Held:
    """A project's fold in memory, the number of its last event, and how many are not saved."""

    history: History
    seq: int
    unsaved: int = 0

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
        self._asked: dict[str, set[str]] = {}

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

    def figure(self, project: str, figures: Figures) -> None:
        """Keep a project's figures as they are now."""
        held = self._fold(project)
        self._keep(project, held.seq, figures(held.history))

    async def figure_beside(self, project: str, figures: Figures) -> None:
        """The same, while events are taken and pages are answered. The figures must be of the state alone."""
        held = self._fold(project)
        seq, history = held.seq, History(project, self._identity)
        history.state = held.history.state
        self._keep(project, seq, await asyncio.to_thread(figures, history))

    def _keep(self, project: str, seq: int, figures: Mapping[str, str]) -> None:
        with self._model.transaction():
            self._model.save_figures(project, seq, figures)

    def save(self) -> None:
        """Keep the folds that are worth it, so that a start need not fold all again."""
        for project, held in self._held.items():
            history = held.history
            if history.halt is None and not history.held and held.unsaved >= SAVE_AFTER:
                content = state_cache.dump([history])
                with self._model.transaction():
                    self._model.save_fold(project, held.seq, content)
                held.unsaved = 0

    def _take(self, record: Record, event: Event) -> None:
        held = self._fold(event.project)
        note = _note(held.history, lambda: held.history.add(event, record.position))
        facts = _facts(event)
        batch, model = _name(facts.get("batch")), _name(facts.get("model"))
        held.seq = self._model.add(Row(record, event, batch, model, about(facts), note))
        held.unsaved += 1
        state = held.history.state
        if note is None and isinstance(state, LoopState):
            about_these = state.batches if event.name in ABOUT_ALL else filter(None, (batch,))
            self._asked.setdefault(event.project, set()).update(about_these)

    def _keep_texts(self) -> None:
        """Keep the texts of the batches that changed, once for all events that changed them."""
        for project, names in self._asked.items():
            state = self._fold(project).history.state
            if isinstance(state, LoopState):
                for batch in filter(None, map(state.batches.get, names)):
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
        data = json.loads(event.data)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _name(value: object) -> str | None:
    return value if isinstance(value, str) else None
