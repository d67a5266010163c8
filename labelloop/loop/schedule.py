"""The order of work: which batch, model and relabel batch are next. Pure.

It depends on the log alone: on its order, and only where a project's lookahead grows on its times.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count

from labelloop.loop.label_lists import label_list, of_trained
from labelloop.loop.labels import (
    at_revisions,
    current,
    is_learnable,
    latest_revisions,
    learned_labels,
)
from labelloop.loop.names import final_model, is_final, numbered, relabel_batch
from labelloop.loop.pace import runs_low
from labelloop.loop.pools import pool_for_next, remaining
from labelloop.loop.settings_in_force import changes_of_picks, for_next, lookahead_at
from labelloop.loop.state import Batch, LoopState, Relabel
from schemas.events import BatchQueried, LookaheadChosen, ProjectCreated

MOST_AHEAD = 8
"""How many batches are picked ahead at most, where the lookahead grows."""


@dataclass(frozen=True)
class NextBatch:
    """A batch to pick, by a model or (None) as a cold start; `cause` is the event that made it due.

    `changes`: how many changes of settings that it depends on hold for it. `grown`: how often its pool grew.
    """

    batch: str
    model: str | None
    size: int
    cause: str
    changes: int = 0
    grown: int = 0


@dataclass(frozen=True)
class NextModel:
    """A model to train on batches at revisions."""

    model: str
    attempt: int
    learned: dict[str, int]
    cause: str


def next_batch(state: LoopState) -> NextBatch | None:
    """The batch to pick now. None: nothing, or its model is not there yet."""
    if not state.begun or state.paused or state.ended or is_last_queried(state):
        return None
    expected = picked_by(state, state.numbered)
    if expected < 0:
        return _next(state, None, state.created_id)
    model = _newest_in_time(state, expected) if _may_choose(state) else expected
    trained = state.models.get(str(model))
    if trained is not None:
        return _next(state, str(model), trained.ids[-1]) if trained.available else None
    if expected in state.skipped or _is_too_little(state, expected):
        return _next(state, None, newest_answers(state, _learnable(state, expected)))
    return None


def still_due(state: LoopState, begun: NextBatch) -> bool:
    """Whether a batch that was due, and was picked meanwhile, may be appended.

    Where the lookahead grows, what was chosen when its pick began holds.
    """
    if grows(state) and begun.model is not None:
        chosen = LookaheadChosen(batch=begun.batch, model=begun.model, waiting=0, expected=0.0)
        state = replace(state, chosen={**state.chosen, begun.batch: chosen})
    return next_batch(state) == begun


def _next(state: LoopState, model: str | None, cause: str) -> NextBatch:
    size = remaining(state, for_next(state).batch_size)
    grown = len(pool_for_next(state).snapshots) - 1
    return NextBatch(str(state.numbered), model, size, cause, changes_of_picks(state), grown)


def _may_choose(state: LoopState) -> bool:
    return grows(state) and str(state.numbered) not in state.chosen


def _newest_in_time(state: LoopState, expected: int) -> int:
    """The newest model, if it is as new as the expected one, or if people will not wait for that one."""
    newest = newest_model(state)
    is_near = newest >= max(0, state.numbered - 1 - MOST_AHEAD)
    return newest if newest >= expected or (is_near and runs_low(state)) else expected


def next_model(state: LoopState) -> NextModel | None:
    """The model to train now: a lost one again, the next numbered one, or a final one.

    Where the lookahead grows, the next one has learned all batches that are done.
    """
    return _lost(state) or (None if state.ended else _numbered(state)) or _final(state)


def is_last_queried(state: LoopState) -> bool:
    """Whether no further batch can be due, as things are."""
    most = for_next(state).max_batches
    enough = most is not None and state.numbered >= most
    return enough or remaining(state, 1) == 0


def open_batches(state: LoopState) -> tuple[Batch, ...]:
    """The batches that are not done, oldest first."""
    return tuple(batch for batch in state.batches.values() if not batch.done)


def labelled(state: LoopState) -> bool:
    """Whether people have nothing left to label. A model of their last answers may still be due."""
    no_more_batches = bool(state.ended) or is_last_queried(state)
    return no_more_batches and not open_batches(state) and not waiting_relabels(state)


def finished(state: LoopState) -> bool:
    """Whether nothing more can come but by people changing their answers."""
    return labelled(state) and next_model(state) is None


def _lost(state: LoopState) -> NextModel | None:
    for name, trained in state.models.items():
        if not trained.available:
            latest = trained.latest
            return NextModel(name, latest.attempt + 1, dict(trained.learned), trained.lost[latest.attempt])
    return None


def _numbered(state: LoopState) -> NextModel | None:
    for number in _to_train(state):
        if str(number) in state.models or number in state.skipped:
            continue
        if not _done_up_to(state, number):
            return None
        if not _is_too_little(state, number):
            learned = latest_revisions(state, _learnable(state, number))
            return NextModel(str(number), 0, learned, newest_answers(state, learned))
    return None


def _to_train(state: LoopState) -> range:
    """The numbers that a model can have."""
    first = max(0, state.project.given - 1)
    if not grows(state):
        is_changed = lookahead_at(state, state.numbered).since > 0
        return range(max(first, expected_model(state, state.numbered) if is_changed else 0), state.numbered)
    chosen = state.chosen.get(str(state.numbered))
    newest = int(chosen.model) if chosen else state.annotated - 1
    if not is_last_queried(state):
        first = max(first, _first_to_pick(state))
    return range(max(first, newest), newest + 1)


def _first_to_pick(state: LoopState) -> int:
    """The number of the first model that picks a batch."""
    return next(model for batch in count() if (model := expected_model(state, batch)) >= 0)


def _final(state: LoopState) -> NextModel | None:
    """After the last batch, or after an end, once more when labels are not what the last model learned."""
    if not (state.ended or is_last_queried(state)) or open_batches(state) or not state.batches:
        return None
    labels = current(state)
    if not is_learnable(labels, state.project):
        return None
    if state.latest_model is not None:
        newest = state.models[state.latest_model]
        if learned_labels(state, newest) == labels and of_trained(state, newest) == label_list(state):
            return None
    elif not state.ended:
        return None
    number = 1 + sum(1 for name in state.models if is_final(name))
    learned = latest_revisions(state, _learnable(state, state.numbered - 1))
    return NextModel(final_model(number), 0, learned, newest_answers(state, learned))


def _learnable(state: LoopState, number: int) -> list[str]:
    """Batches 0 … number, and the relabel batches that are done."""
    relabels = (batch.name for batch in state.batches.values() if batch.done and not batch.is_numbered)
    return [*(str(n) for n in range(number + 1)), *(relabels if state.relabels else ())]


def _done_up_to(state: LoopState, number: int) -> bool:
    return state.annotated > number


def _is_too_little(state: LoopState, number: int) -> bool:
    """Whether batches 0 … number are done, and no model can learn their labels."""
    if not _done_up_to(state, number):
        return False
    learned = latest_revisions(state, _learnable(state, number))
    return not is_learnable(at_revisions(state, learned), state.project)


def newest_answers(state: LoopState, batches: Iterable[str]) -> str:
    """The event that brought the newest answers of these batches: the cause of what they made due."""
    newest = max((state.batches[name] for name in batches), key=lambda batch: batch.position)
    return newest.revision_ids[-1]


def picked_by(state: LoopState, batch: int) -> int:
    """The number of the model that picks a numbered batch, or picked it: the chosen one, if there is one."""
    chosen = state.chosen.get(str(batch))
    return int(chosen.model) if chosen else expected_model(state, batch)


def grows(state: LoopState) -> bool:
    """Whether the model that picks the next batch is chosen."""
    return lookahead_at(state, state.numbered).grows


def expected_model(state: LoopState, batch: int) -> int:
    """The number of the model that picks a numbered batch, unless another one is chosen.

    After a change of the lookahead it is none that is older than the one that picked the batch before the
    change, and the next newer one where it was passed over.
    """
    lookahead = lookahead_at(state, batch)
    model = picking_model(state.project, batch, lookahead.batches)
    if not lookahead.since:
        return model
    model = max(model, picked_by(state, lookahead.since - 1))
    if model in state.skipped:
        return min((int(name) for name in numbered(state.models) if int(name) > model), default=model)
    return model


def newest_model(state: LoopState) -> int:
    """The highest number of a model; -1 if there is none."""
    return max(map(int, numbered(state.models)), default=-1)


def picking_model(project: ProjectCreated, batch: int, lookahead: int | None = None) -> int:
    """The number of the model that picks a numbered batch; below 0 when none does: a cold start, or given.

    It is older than the batch before by the lookahead: people label while the machine works. The first
    batches after those that were given are all picked by the first model, which has learned what was given.
    Where the lookahead grows, another one may be chosen. `lookahead` None: that which the project began with.
    """
    if batch < project.given or (not project.given and batch * project.batch_size < first_texts(project)):
        return -1
    return max(batch - 1 - (project.lookahead if lookahead is None else lookahead), project.given - 1)


def first_texts(project: ProjectCreated) -> int:
    """How many texts are asked for before a model picks any, at least; what follows from `lookahead` aside.

    A typical start goes on until there are two texts for each label, and 40; of a small pool, a twentieth.
    """
    return first_texts_of(project.cold_start, len(project.labels), project.pool.size)


def first_texts_of(cold_start: str, labels: int, pool_size: int) -> int:
    """The same for a project of so many labels and texts."""
    return min(max(40, 2 * labels), pool_size // 20) if cold_start == "typical" else 0


@dataclass(frozen=True)
class NextRelabel:
    """A relabel batch for a request. `cause` is the request's id."""

    batch: str
    items: tuple[int, ...]
    cause: str


def next_relabel(state: LoopState) -> NextRelabel | None:
    """The relabel batch to create now, for the oldest request without one. None during a pause."""
    waiting = () if state.paused else waiting_relabels(state)
    if not waiting:
        return None
    number = len(state.relabels) - len(waiting) + 1
    return NextRelabel(relabel_batch(number), waiting[0].items, waiting[0].id)


def waiting_relabels(state: LoopState) -> tuple[Relabel, ...]:
    """The requests without a batch so far, oldest first. None are left after the project ended."""
    return () if state.ended else state.relabels[len(state.batches) - state.numbered :]


def skipped_by(state: LoopState, queried: BatchQueried, batch: int) -> frozenset[int]:
    """The model that a cold start in the midst of the loop stands in for."""
    if queried.model is not None:
        return frozenset()
    model = picked_by(state, batch)
    return frozenset() if model < 0 or str(model) in state.models else frozenset({model})
