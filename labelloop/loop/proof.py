"""A history that takes only what fits: each event's bytes and id, its cause, and the order of work."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import singledispatchmethod

from labelloop.loop.digest import LearnedDigests
from labelloop.loop.gold_texts import check_drawn
from labelloop.loop.history import ChainedHistory
from labelloop.loop.label_lists import label_list
from labelloop.loop.names import compact, expanded, number_of, numbers_of, revision_of
from labelloop.loop.pools import Pool, pool_for_next, pool_of_version
from labelloop.loop.random_draws import derived
from labelloop.loop.schedule import grows, next_relabel, picked_by
from labelloop.loop.state import Batch, InapplicableEvent, LoopState, ProjectState, changed
from schemas import events as e
from schemas.envelope import Event, datahash, event_id, id_instead
from schemas.fields import UNSAID


@dataclass(repr=False)
class Proof(ChainedHistory):
    """A History that is halted by the first event that the services could not have written there.

    A service decides by the log as far as it has read: what it says may have been due a few events before.
    So an event's cause must be one that makes it due, but need not be the last of them.

    `damaged`: the places of all events, also of those that count for nothing, whose data are not those that
    were written, by their ids and the sha256 of the data.
    """

    damaged: dict[tuple[str, str], str] = field(default_factory=dict)
    _batch_of: dict[int, str] = field(default_factory=dict)
    _answers: dict[str, tuple[str, int]] = field(default_factory=dict)
    _digests: LearnedDigests = field(default_factory=LearnedDigests)

    def add(self, event: Event, position: str = "") -> bool:
        content = datahash(event.data)
        if content != event.datahash:
            self.damaged[event.id, content] = position
        return super().add(event, position)

    def _fold(self, event: Event) -> ProjectState:
        data = event.payload
        if event.id not in self._ids(event_id(self.project, event.type, data.identity())):
            raise InapplicableEvent("its id is not that of what it states")
        if event.cause is not None and event.cause not in self.datahashes:
            raise InapplicableEvent(f"its cause {event.cause} does not come before it")
        lacking: LookupError | None = None
        try:
            if isinstance(self._state, LoopState):
                self._check(data, event, self._state)
        except LookupError as error:
            lacking = error
        after = super()._fold(event)  # It says what is not there.
        if lacking is not None:
            raise lacking
        if isinstance(after, LoopState):
            self._remember(data, after, event.id)
        return after

    def _ids(self, statement: str) -> set[str]:
        """The ids under which a statement can stand: its own, and those in the place of skipped ones."""
        ids, new = set[str](), {statement}
        while new:
            ids |= new
            new = {id_instead(id, skip) for id in new for skip in self.skips.get(id, {}).values()} - ids
        return ids

    @singledispatchmethod
    def _check(self, data: e.EventData, event: Event, state: LoopState) -> None:
        """Raises InapplicableEvent if nothing made the event due, LookupError if what it names is unknown."""

    @_check.register
    def _(self, data: e.BatchQueried, event: Event, state: LoopState) -> None:
        project = state.project
        if data.pool_version not in {pool.version for pool in _pools(state)}:
            raise InapplicableEvent("it was picked from another pool")
        self._check_items(data, pool_of_version(state, data.pool_version))
        check_drawn(data, state)
        if number_of(data.batch) is None:
            self._check_relabel(data, event, state)
            return
        repeated = [picked.item for picked in data.items if picked.item in self._batch_of]
        if repeated:
            raise InapplicableEvent(
                f"it asks for text {repeated[0]} again, which batch {self._batch_of[repeated[0]]} has"
            )
        if data.batch != str(state.numbered):
            raise InapplicableEvent(f"it is batch {data.batch} where batch {state.numbered} is next")
        model = picked_by(state, state.numbered)
        if data.model is not None:
            states = _before_late_changes(state)
            fitting = [each for each in states if data.batch in each.chosen or not grows(each)]
            if not fitting:
                raise InapplicableEvent(f"model {data.model} picked it, which no event chose")
            if data.model not in {str(picked_by(each, state.numbered)) for each in fitting}:
                raise InapplicableEvent(f"model {data.model} picked it, where model {model} had to")
            _caused(event, _attempt(state, data.model, data.attempt))
            if data.seed != derived(project.seed, "query", data.batch):
                raise InapplicableEvent("its seed is not the one for this batch")
        else:
            models = {picked_by(each, state.numbered) for each in _before_late_changes(state)}
            _caused(event, *(cause for each in models for cause in _of_cold_start(state, each)))
        if data.model is None and data.seed != project.seed:
            raise InapplicableEvent("its seed is not the project's")
        # A change may have come while it was picked.
        sizes = (change.settings.batch_size or 0 for change in state.changes)
        most = max((project.batch_size, *sizes))
        if state.numbered >= project.given and not 0 < len(data.items) <= most:
            raise InapplicableEvent(f"it asks for {len(data.items)} texts, where a batch has {most}")

    def _check_relabel(self, data: e.BatchQueried, event: Event, state: LoopState) -> None:
        # It may have been made just before a pause or an end.
        due = next_relabel(replace(state, paused=False, ended=None))
        if due is None or data.batch != due.batch:
            raise InapplicableEvent(f"it is batch {data.batch}, which nobody requested")
        if tuple(picked.item for picked in data.items) != due.items or data.model is not None:
            raise InapplicableEvent("it asks for other texts than were requested, or a model picked it")
        _caused(event, due.cause)

    def _check_items(self, data: e.BatchQueried, pool: Pool) -> None:
        items = [picked.item for picked in data.items]
        if [picked.rank for picked in data.items] != list(range(len(items))):
            raise InapplicableEvent("the ranks of its texts are not 0, 1, 2 …")
        if len(set(items)) < len(items) or max(items, default=-1) >= pool.size:
            raise InapplicableEvent("it asks for a text twice, or for one that the pool does not have")

    @_check.register
    def _(self, data: e.LookaheadChosen, event: Event, state: LoopState) -> None:
        if not any(map(grows, _before_late_changes(state))):
            raise InapplicableEvent("the project's lookahead does not grow")
        if data.batch != str(state.numbered):
            raise InapplicableEvent(f"it is of batch {data.batch}, where batch {state.numbered} is next")
        trained = state.models.get(data.model)
        if trained is None:
            raise InapplicableEvent(f"it chooses model {data.model}, which was never trained")
        _caused(event, *trained.ids)

    @_check.register
    def _(self, data: e.ResponsesRecorded, event: Event, state: LoopState) -> None:
        batch = state.batches[data.batch]
        number = batch.responses.number + 1 if batch.responses else 0
        if data.number != number or batch.done:
            raise InapplicableEvent(
                f"it is number {data.number} of batch {data.batch}, where {number} is next"
            )
        _caused(event, batch.queried_id)

    @_check.register
    def _(self, data: e.SuggestionsMade, event: Event, state: LoopState) -> None:
        _caused(event, state.batches[data.batch].queried_id)

    @_check.register
    def _(self, data: e.BatchAnnotated, event: Event, state: LoopState) -> None:
        batch = state.batches[data.batch]
        if batch.done:
            _caused(event, *_revisions([batch]))
        else:
            _caused(event, batch.queried_id, batch.closed, state.ended)

    @_check.register
    def _(self, data: e.ModelTrained, event: Event, state: LoopState) -> None:
        if min(data.learned.values(), default=0) < 0:
            raise InapplicableEvent("it learned a revision below 0")
        before = state.models.get(data.model)
        if data.attempt != (len(before.attempts) if before else 0):
            raise InapplicableEvent(
                f"it is attempt {data.attempt} of model {data.model}, which is not the next one"
            )
        if before is None:
            numbered = compact(dict.fromkeys(filter(numbers_of, data.learned), 0))
            # A final model may have been trained while a batch was picked: it need not have learned all.
            if number_of(data.model) is not None and numbered != compact({f"0-{data.model}": 0}):
                raise InapplicableEvent(f"model {data.model} learned other batches than it had to")
            batch, revision = self._answers.get(str(event.cause), ("", 0))
            if revision_of(data.learned, batch) != revision:
                learned = expanded(data.learned).items()
                _caused(event, *(state.batches[name].revision_ids[at] for name, at in learned))
        else:
            if compact(data.learned) != compact(before.first.learned):
                raise InapplicableEvent("it learned something else than the model that was lost")
            _caused(event, *before.lost.values())
        if data.seed != derived(state.project.seed, "train", data.model):
            raise InapplicableEvent("its seed is not the one for this model")
        counted = label_list(state, 0 if data.label_list is UNSAID else data.label_list)
        digest, labels = self._digests.of(state, data.learned, counted)
        if (data.digest, data.labels) != (digest, labels):
            raise InapplicableEvent(
                f"its digest is not that of the {labels} labels and the picks that it learned"
            )

        # An event that was skipped counted for the trainer if only this proof halted at it.
        if data.log is not None and not self.skips and not self.begins_with(data.log.events, data.log.digest):
            raise InapplicableEvent(
                f"the first {data.log.events} events are not those that were there when it was trained"
            )

    @_check.register(e.ModelLost)
    @_check.register(e.ModelEvaluated)
    @_check.register(e.PredictionsRecorded)
    @_check.register(e.StoppingChecked)
    @_check.register(e.StoppingAdvised)
    def _(
        self,
        data: e.ModelLost | e.ModelEvaluated | e.PredictionsRecorded | e.StoppingChecked | e.StoppingAdvised,
        event: Event,
        state: LoopState,
    ) -> None:
        _caused(event, _attempt(state, data.model, data.attempt))

    @_check.register
    def _(self, data: e.AuditEstimated, event: Event, state: LoopState) -> None:
        _attempt(state, data.model, data.attempt)
        unknown = [name for name in data.batches if name not in state.batches]
        if unknown or not data.batches:
            raise InapplicableEvent(
                f"it is by batches {', '.join(unknown) or 'none'}, which were never queried"
            )
        _caused(event, *_revisions(state.batches[name] for name in data.batches))

    def _remember(self, data: e.EventData, after: LoopState, id: str) -> None:
        """What brought answers, and which texts cannot be asked for again: all but what a close gave back."""
        if isinstance(data, e.BatchAnnotated):
            self._answers[id] = (data.batch, data.revision)
        name = getattr(data, "batch", "")
        if number_of(name) is None:  # A relabel batch asks for what stays asked.
            return
        if isinstance(data, e.BatchQueried):
            self._batch_of |= dict.fromkeys((picked.item for picked in data.items), data.batch)
        elif isinstance(data, e.BatchAnnotated) and data.revision == 0:
            batch = after.batches[data.batch]
            for item in batch.items - batch.kept_items:
                del self._batch_of[item]


def _of_cold_start(state: LoopState, model: int) -> Iterator[str]:
    """What may have made a batch due that this model would pick, and that was drawn."""
    if model < 0:
        yield state.created_id
    else:
        yield from _revisions(batch for batch in state.batches.values() if _is_learnable(batch, model))


def _before_late_changes(state: LoopState) -> Iterator[LoopState]:
    """The state, and what it was before each change for the next batch that came while that was picked."""
    late = [change for change in state.changes if change.from_batch == state.numbered]
    others = tuple(change for change in state.changes if change.from_batch != state.numbered)
    for count in range(len(late) + 1):
        yield changed(state, changes=(*others, *late[:count])) if late else state


def _pools(state: LoopState) -> Iterator[Pool]:
    """The pool of the next batch, and what it was before each growth that came while that was picked."""
    snapshots = pool_for_next(state).snapshots
    late = sum(growth.from_batch == state.numbered for growth in state.grown)
    for count in range(late + 1):
        yield Pool(snapshots[: len(snapshots) - count])


def _attempt(state: LoopState, model: str, attempt: int | None) -> str:
    """The id of the event that told of a model's attempt."""
    trained = state.models.get(model)
    for each, id in zip(trained.attempts, trained.ids, strict=True) if trained else ():
        if each.attempt == attempt:
            return id
    raise InapplicableEvent(f"it speaks of attempt {attempt} of model {model}, which was never trained")


def _is_learnable(batch: Batch, model: int) -> bool:
    """Whether a model of that number learns the batch, if it is done."""
    return not batch.is_numbered or batch.number <= model


def _revisions(batches: Iterable[Batch]) -> list[str]:
    return [id for batch in batches for id in batch.revision_ids]


def _caused(event: Event, *causes: str | None) -> None:
    """Raises InapplicableEvent if the event's cause is none of these."""
    if event.cause is None or event.cause not in causes:
        raise InapplicableEvent(f"its cause {event.cause} is not what made it due")
