"""The settings at a point of the loop, after any changes, and what the stopping criterion in force says."""

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any, NamedTuple

from labelloop.loop.label_lists import label_list, of_trained
from labelloop.loop.names import number_of
from labelloop.loop.state import Batch, LoopState
from schemas.events import ProjectCreated, ProjectCreatedV4, StoppingAdvised, StoppingChecked
from schemas.model import replaced
from schemas.parts import Choice, Snapshot, Vote

NOTHING = "none"
"""The name of a stopping criterion that advises nothing."""
AT_ONCE = frozenset({"guidelines", "test", "stopping", "stop_when_advised", "annotators"})
"""Settings of no batch: they hold once theirs is the next one, also if it never comes."""
APART_FROM_PICKS = AT_ONCE | {"min_submitted"}
OF_PEOPLE = ("annotators", "overlap", "gold", "gold_share")
"""Settings that are no part of the project that the learner knows, but of who is asked."""
SHOWN = ("guidelines", "min_submitted")
"""Settings that people see where they answer."""


def at_batch(state: LoopState, batch: int) -> ProjectCreatedV4:
    """The project's settings for a numbered batch."""
    settings: dict[str, Any] = {}
    for change in state.changes:
        if change.from_batch <= batch:
            settings |= {name: value for name, value in change.settings if value is not None}
    stopping = settings.get("stopping")
    if stopping is not None and stopping.name == NOTHING:
        settings["stopping"] = None
    for name in OF_PEOPLE:
        settings.pop(name, None)
    if state.label_changes:
        settings["labels"] = label_list(state).names
    return replaced(state.project, **settings) if settings else state.project


def last_said(state: LoopState, batch: int, name: str) -> Any:
    """What changes say last of a setting that holds for a numbered batch. None: they say nothing of it."""
    said_of_it = (
        getattr(change.settings, name) for change in reversed(state.changes) if change.from_batch <= batch
    )
    return next((value for value in said_of_it if value is not None), None)


def annotators(state: LoopState) -> tuple[str, ...] | None:
    """Who alone sees the project where people answer. None: everybody."""
    names: tuple[str, ...] | None = last_said(state, state.numbered, "annotators")
    return names


def barred(state: LoopState) -> frozenset[str]:
    """Who may not answer."""
    return frozenset(name for name, standing in state.standings.items() if standing.is_barred)


class Lookahead(NamedTuple):
    """How many batches are picked ahead, whether they become more, and from which batch on that holds."""

    batches: int
    grows: bool
    since: int = 0


def lookahead_at(state: LoopState, batch: int) -> Lookahead:
    """The lookahead with which a numbered batch is picked."""
    in_force = Lookahead(state.project.lookahead, state.project.lookahead_grows)
    for change in state.changes:
        lookahead, grows = change.settings.lookahead, change.settings.lookahead_grows
        if change.from_batch <= batch and lookahead is not None:
            in_force = Lookahead(lookahead, bool(grows), change.from_batch)
    return in_force


def shows_otherwise(state: LoopState) -> bool:
    """Whether people are shown something else by now than when the project began."""
    return any(
        change.from_batch <= state.numbered and getattr(change.settings, name) is not None
        for change in state.changes
        for name in SHOWN
    )


def min_submitted_at(state: LoopState, batch: int) -> int:
    """How many people decide each text of a numbered batch."""
    return last_said(state, batch, "min_submitted") or state.project.min_submitted


def overlap_at(state: LoopState, batch: int) -> float:
    """The share of a numbered batch that two people answer."""
    return last_said(state, batch, "overlap") or 0.0


def answers_wanted(state: LoopState, batch: Batch) -> Mapping[int, int]:
    """How many people decide each text of a batch, by its item."""
    least, more = min_submitted_at(state, batch.number), batch.answers_wanted
    return {picked.item: max(least, more.get(picked.item, 0)) for picked in batch.queried.items}


def decided_texts(state: LoopState, batch: Batch) -> int:
    """How many texts of a batch are decided, as far as answers are recorded."""
    wanted = answers_wanted(state, batch)
    return sum(deciding(answer.votes) >= wanted[answer.item] for answer in batch.answers)


def deciding(votes: Iterable[Vote]) -> int:
    """How many of these votes of people on a text decide it."""
    return sum(vote.status != "draft" for vote in votes)


def min_submitted_by_batch(state: LoopState) -> tuple[tuple[int, int], ...]:
    """The first batches for which another number of people decides, beginning with 0, and those numbers."""
    firsts = {0, *(each.from_batch for each in state.changes if each.settings.min_submitted is not None)}
    return tuple((first, min_submitted_at(state, first)) for first in sorted(firsts))


def batches_to_ask(project: ProjectCreated) -> int | None:
    """How many batches people are asked for at most, without imported ones. None: until the pool is empty."""
    if project.max_batches is None or project.forked_from is not None:
        return project.max_batches
    return project.max_batches - project.given


def batches_in_all(project: ProjectCreated, to_ask: int) -> int:
    """How many batches there are in all if people are asked for `to_ask`."""
    return to_ask if project.forked_from is not None else to_ask + project.given


def for_next(state: LoopState) -> ProjectCreatedV4:
    """The project's settings for the next batch."""
    return at_batch(state, state.numbered)


def changes_of_picks(state: LoopState) -> int:
    """How many changes that a pick depends on hold for the next batch."""
    return sum(
        change.from_batch <= state.numbered
        and any(value is not None for name, value in change.settings if name not in APART_FROM_PICKS)
        for change in state.changes
    )


def is_test_changed(state: LoopState) -> bool:
    """Whether the project was given another test set than it began with."""
    return any(change.settings.test for change in state.changes)


def snapshots(state: LoopState) -> tuple[Snapshot, ...]:
    """Those of the pool, and all test sets and gold texts of a project, each once."""
    tests = (state.project.test, *(change.settings.test for change in state.changes))
    gold = (change.settings.gold for change in state.changes)
    grown = (growth.snapshot for growth in state.grown)
    return tuple(dict.fromkeys((state.project.pool, *grown, *filter(None, (*tests, *gold)))))


def for_learned(state: LoopState, learned: Mapping[str, int]) -> ProjectCreatedV4:
    """The project's settings for a model of these batches: those of the newest numbered batch."""
    return at_batch(state, max((number_of(name) or 0 for name in learned), default=0))


def of_model(state: LoopState, model: str) -> ProjectCreatedV4:
    """The project's settings for a trained model, with the labels that it tells apart."""
    trained = state.models[model]
    project = for_learned(state, trained.learned)
    return replaced(project, labels=of_trained(state, trained).names) if state.label_changes else project


def checks_in_force(state: LoopState) -> list[StoppingChecked]:
    """The checks since the criterion in force, with its parameters, came into force, oldest first."""
    criterion = for_next(state).stopping
    if criterion is None:
        return []
    checks = [state.checks[name] for name in state.models if name in state.checks]
    return list(takewhile(lambda check: _is_by(state, check, criterion), reversed(checks)))[::-1]


def advice_in_force(state: LoopState) -> StoppingAdvised | None:
    """The last advice of the criterion in force."""
    checked = {check.model for check in checks_in_force(state)}
    return state.advised if state.advised is not None and state.advised.model in checked else None


def _is_by(state: LoopState, check: StoppingChecked, criterion: Choice) -> bool:
    if check.parameters is None:
        return criterion == state.project.stopping
    return _plain(check.criterion) == _plain(criterion.name) and check.parameters == criterion.parameters


def _plain(name: str) -> str:
    """A project may name `KappaAverage` what a check calls `kappa-average`."""
    return name.replace("-", "").replace("_", "").lower()
