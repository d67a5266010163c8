"""The fold: one event more, one state on."""

from datetime import datetime
from functools import singledispatch
from itertools import takewhile
from typing import TypeVar

from labelloop.loop.gold_texts import answered
from labelloop.loop.label_lists import with_change
from labelloop.loop.names import number_of, numbers_of
from labelloop.loop.pools import grown, not_waiting, pool_of
from labelloop.loop.schedule import skipped_by
from labelloop.loop.state import (
    Batch,
    Change,
    Failure,
    InapplicableEvent,
    LoopState,
    NotCreated,
    ProjectState,
    Relabel,
    Standing,
    Trained,
    changed,
    in_full,
    share,
    with_value,
)
from labelloop.loop.suggestions import with_machines
from schemas import events as e
from schemas.envelope import Event
from schemas.fields import UNSAID
from schemas.parts import SettingsV4

State = TypeVar("State", bound=ProjectState)


def fold(state: ProjectState, event: Event) -> ProjectState:
    """The state after the event. Pure. Raises InapplicableEvent, and the errors of `Event.payload`."""
    return advance(shared(state), event)


def shared(state: State) -> State:
    """The state, which `advance` leaves as it is from now on."""
    if isinstance(state, NotCreated):
        return state
    for value in vars(state).values():
        share(value)
    return state


def advance(state: ProjectState, event: Event) -> ProjectState:
    """Like `fold`, but a state that is not shared is used up, so that a long log takes no copies.

    When it raises, the state is as it was.
    """
    data = event.payload
    if isinstance(state, NotCreated):
        return _before_creation(state, data, event)
    after = not_waiting(_apply(data, state, event.id, event.time))
    log = state.log.followed_by(event)
    return changed(after, latest_id=event.id, length=state.length + 1, log=log)


def _before_creation(state: NotCreated, data: e.EventData, event: Event) -> ProjectState:
    length, log = state.length + 1, state.log.followed_by(event)
    if isinstance(data, e.ProjectCreated):
        return LoopState(state.project_id, in_full(data), event.id, event.time, event.id, length, log=log)
    if isinstance(data, e.EventSkipped):
        return NotCreated(state.project_id, length, event.id, log)
    raise InapplicableEvent("it comes before the project was created")


@singledispatch
def _apply(data: e.EventData, state: LoopState, event_id: str, at: datetime) -> LoopState:
    raise NotImplementedError(f"the fold does not know {type(data).__name__}")


@_apply.register
def _(data: e.ProjectCreated, state: LoopState, event_id: str, at: datetime) -> LoopState:
    return changed(state, project=in_full(data), created_id=event_id, created_at=at)


@_apply.register
def _(data: e.LookaheadChosen, state: LoopState, event_id: str, at: datetime) -> LoopState:
    batch, model = number_of(data.batch), number_of(data.model)
    if batch is None or model is None or not state.project.given - 1 <= model < batch:
        raise InapplicableEvent(f"model {data.model} cannot pick batch {data.batch}")
    return changed(state, chosen=with_value(state.chosen, data.batch, data))


@_apply.register
def _(data: e.BatchQueried, state: LoopState, event_id: str, at: datetime) -> LoopState:
    number = number_of(data.batch)
    picks = state.picks + len(data.items)
    if number is None:
        batch = Batch(data, event_id, at, max(state.numbered - 1, 0), is_numbered=False)
        return changed(_with_batch(state, batch), picks=picks)
    is_next = data.batch not in state.batches
    return changed(
        state,
        batches=with_value(state.batches, data.batch, Batch(data, event_id, at, number)),
        picks=picks,
        numbered=state.numbered + is_next,
        skipped=state.skipped | skipped if (skipped := skipped_by(state, data, number)) else state.skipped,
    )


@_apply.register
def _(data: e.ResponsesRecorded, state: LoopState, event_id: str, at: datetime) -> LoopState:
    batch = answered(_batch(state, data.batch), data)
    return _with_batch(state, changed(batch, responses=data, responses_at=at))


@_apply.register
def _(data: e.BatchAnnotated, state: LoopState, event_id: str, at: datetime) -> LoopState:
    batch = answered(_batch(state, data.batch), data)
    if data.revision != len(batch.revisions):
        raise InapplicableEvent(f"it is revision {data.revision} of a batch that has {len(batch.revisions)}")
    stray = {answer.item for answer in data.items} - batch.items
    if stray:
        raise InapplicableEvent(f"it answers texts that the batch did not ask for: {sorted(stray)[:5]}")
    batch = changed(
        batch,
        revisions=(*batch.revisions, data),
        revision_ids=(*batch.revision_ids, event_id),
        annotated_at=batch.annotated_at or at,
        position=state.length,
    )
    state = _with_batch(state, batch)
    return changed(state, annotated=_annotated(state))


def _annotated(state: LoopState) -> int:
    number = state.annotated
    while (batch := state.batches.get(str(number))) is not None and batch.done:
        number += 1
    return number


@_apply.register
def _(data: e.ModelTrained, state: LoopState, event_id: str, at: datetime) -> LoopState:
    for name, revision in data.learned.items():
        _check_learned(state, name, revision)
    if data.label_list is not UNSAID and data.label_list > len(state.label_changes):
        raise InapplicableEvent(
            f"its labels are those of change {data.label_list}, which the log does not have"
        )
    passed = _passed_by(data, state)
    before = state.models.get(data.model)
    if before is None:
        trained = Trained((data,), (event_id,), at)
    else:
        trained = changed(before, attempts=(*before.attempts, data), ids=(*before.ids, event_id))
    return changed(
        state,
        models=with_value(state.models, data.model, trained),
        latest_model=state.latest_model if before else data.model,
        skipped=state.skipped | passed if passed else state.skipped,
    )


def _check_learned(state: LoopState, name: str, revision: int) -> None:
    numbers = numbers_of(name)
    if numbers is not None and revision == 0 and numbers.stop <= state.annotated:
        return
    for each in (name,) if numbers is None else map(str, numbers):
        if revision >= len(_batch(state, each).revisions):
            raise InapplicableEvent(
                f"it learned revision {revision} of batch {each}, which the log does not have"
            )


def _passed_by(data: e.ModelTrained, state: LoopState) -> frozenset[int]:
    """The lower numbers without a model: training one of them later would be a step back."""
    model = number_of(data.model)
    if model is None:
        return frozenset()
    lower = takewhile(
        lambda number: str(number) not in state.models and number not in state.skipped,
        range(min(model, state.numbered) - 1, -1, -1),
    )
    return frozenset(lower)


@_apply.register
def _(data: e.ModelLost, state: LoopState, event_id: str, at: datetime) -> LoopState:
    trained = state.models.get(data.model)
    if trained is None:
        raise InapplicableEvent(f"it says that model {data.model} was lost, which was never trained")
    lost = {**trained.lost, data.attempt: event_id}
    return changed(state, models=with_value(state.models, data.model, changed(trained, lost=lost)))


@_apply.register
def _(data: e.ModelEvaluated, state: LoopState, event_id: str, at: datetime) -> LoopState:
    evaluated = e.ModelEvaluated(**dict(data))
    return changed(
        state,
        evaluations=with_value(state.evaluations, data.model, evaluated),
        tested=with_value(state.tested, (data.model, data.test_version), evaluated),
    )


@_apply.register(e.AuditEstimated)
@_apply.register(e.StoppingChecked)
def _(data: e.AuditEstimated | e.StoppingChecked, state: LoopState, event_id: str, at: datetime) -> LoopState:
    name = "audits" if isinstance(data, e.AuditEstimated) else "checks"
    return changed(state, **{name: with_value(getattr(state, name), data.model, data)})


@_apply.register
def _(data: e.PredictionsRecorded, state: LoopState, event_id: str, at: datetime) -> LoopState:
    predictions = with_value(state.predictions, (data.model, data.test_version or ""), data)
    return changed(state, predictions=predictions)


@_apply.register
def _(data: e.StoppingAdvised, state: LoopState, event_id: str, at: datetime) -> LoopState:
    return changed(state, advised=data)


@_apply.register
def _(data: e.BatchClosed, state: LoopState, event_id: str, at: datetime) -> LoopState:
    batch = state.batches.get(data.batch)
    if batch is None or batch.done or batch.closed:
        return state
    return _with_batch(state, changed(batch, closed=event_id))


@_apply.register
def _(data: e.LabelsChanged, state: LoopState, event_id: str, at: datetime) -> LoopState:
    return changed(state, label_changes=with_change(state, data))


@_apply.register
def _(data: e.RelabelRequested, state: LoopState, event_id: str, at: datetime) -> LoopState:
    if max(data.items) >= pool_of(state).size or len(set(data.items)) < len(data.items):
        raise InapplicableEvent("it asks for a text twice, or for one that the pool does not have")
    return changed(state, relabels=(*state.relabels, Relabel(event_id, data.items)))


@_apply.register
def _(data: e.AnnotatorChanged, state: LoopState, event_id: str, at: datetime) -> LoopState:
    return changed(state, standings=with_value(state.standings, data.annotator, Standing(data.standing, at)))


@_apply.register(e.ProjectPaused)
@_apply.register(e.ProjectResumed)
def _(data: e.EventData, state: LoopState, event_id: str, at: datetime) -> LoopState:
    return changed(state, paused=isinstance(data, e.ProjectPaused))


@_apply.register
def _(data: e.ProjectEnded, state: LoopState, event_id: str, at: datetime) -> LoopState:
    return changed(state, ended=state.ended or event_id)


@_apply.register
def _(data: e.ProjectChanged, state: LoopState, event_id: str, at: datetime) -> LoopState:
    change = Change(max(data.from_batch, state.numbered), SettingsV4(**dict(data.settings)))
    return changed(state, changes=(*state.changes, change))


@_apply.register(e.SuggesterChosen)
@_apply.register(e.SuggestionsMade)
def _(
    data: e.SuggesterChosen | e.SuggestionsMade, state: LoopState, event_id: str, at: datetime
) -> LoopState:
    return with_machines(data, state)


@_apply.register
def _(data: e.PoolGrown, state: LoopState, event_id: str, at: datetime) -> LoopState:
    return changed(state, grown=grown(state, data, event_id))


@_apply.register
def _(data: e.ProjectMoved, state: LoopState, event_id: str, at: datetime) -> LoopState:
    return changed(state, moved=data)


@_apply.register
def _(data: e.EventSkipped, state: LoopState, event_id: str, at: datetime) -> LoopState:
    return state


@_apply.register
def _(data: e.ServiceFailed, state: LoopState, event_id: str, at: datetime) -> LoopState:
    return changed(state, failures=with_value(state.failures, (data.service, data.due), Failure(data, at)))


def _batch(state: LoopState, name: str) -> Batch:
    if (batch := state.batches.get(name)) is None:
        raise InapplicableEvent(f"it speaks of batch {name}, which was never queried")
    return batch


def _with_batch(state: LoopState, batch: Batch) -> LoopState:
    return changed(state, batches=with_value(state.batches, batch.name, batch))
