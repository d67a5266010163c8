"""Batches that a new project starts with: they were answered before it was created. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

from labelloop.loop.agreement import mean
from labelloop.loop.gold_texts import as_asked, kept, recorded
from labelloop.loop.labels import as_answer, decided
from labelloop.loop.random_draws import as_listed
from labelloop.loop.state import Batch, LoopState
from labelloop.projects.own_annotators import AT_CREATION, said_of
from schemas.envelope import Event, new_event
from schemas.events import (
    BatchAnnotated,
    BatchQueried,
    LabelsChanged,
    PoolGrown,
    ProjectChanged,
    ProjectChangedV2,
    ProjectChangedV3,
    ProjectChangedV4,
    ProjectCreated,
    ProjectCreatedV2,
    ProjectCreatedV3,
    ProjectCreatedV4,
    ProjectCreatedV5,
    SuggesterChosen,
    SuggestionsMade,
)
from schemas.fields import EMPTY, UNSAID
from schemas.model import fields, replaced
from schemas.parts import (
    AnnotatedItem,
    GoldItem,
    ItemVotes,
    QueriedItem,
    Settings,
    SettingsV2,
    SettingsV3,
    SettingsV4,
    Snapshot,
    Vote,
)

VERSIONS = (ProjectCreated, ProjectCreatedV2, ProjectCreatedV3, ProjectCreatedV4, ProjectCreatedV5)
COLD_STARTS_OF_VERSION_1 = ("random", "balanced")
NOT_CHANGED = SettingsV4()
MOST_TEXTS = 1000
"""Of one event: a broker takes about a megabyte."""


@dataclass(frozen=True)
class InitialBatch:
    """A batch with its answers. `gold`: its gold texts, of the snapshot `gold_version`.

    `suggestions`: what machines said of it.
    """

    items: tuple[QueriedItem, ...]
    answers: BatchAnnotated
    gold: tuple[GoldItem, ...] = ()
    gold_version: str = ""
    suggestions: tuple[SuggestionsMade, ...] = ()


def imported(labels: Mapping[int, tuple[str, ...]]) -> list[InitialBatch]:
    """Batches of imported labels (by pool item), which nobody gave in Argilla."""
    return in_batches([as_answer(item, labels[item]) for item in labels])


def in_batches(answers: Sequence[AnnotatedItem]) -> list[InitialBatch]:
    """Batches of texts that were answered elsewhere, with the votes that people gave there."""
    return [
        InitialBatch(
            as_listed([answer.item for answer in part], "given"),
            BatchAnnotated(batch=str(number), revision=0, items=part, agreement=mean(part)),
        )
        for number, part in enumerate(_parts(answers))
    ]


def _parts(answers: Sequence[AnnotatedItem]) -> Iterator[tuple[AnnotatedItem, ...]]:
    """The answers in parts of MOST_TEXTS texts, or of as many votes."""
    part: list[AnnotatedItem] = []
    size = 0
    for answer in answers:
        weight = max(1, len(answer.votes))
        if part and size + weight > MOST_TEXTS:
            yield tuple(part)
            part, size = [], 0
        part.append(answer)
        size += weight
    if part:
        yield tuple(part)


def copied(state: LoopState, batches: int) -> list[InitialBatch]:
    """The first numbered batches of another project with the same pool, with their newest answers.

    The votes are real, but they are not on records of this project. A relabelled text has its newer answer.
    """
    counting = {answer.item: answer for _, answer in decided(state)}
    return [_copied(state.batches[str(number)], counting) for number in range(batches)]


def _copied(batch: Batch, counting: Mapping[int, AnnotatedItem]) -> InitialBatch:
    newest, kept_items, kept_gold = batch.revisions[-1], batch.kept_items, kept(batch)
    answers = tuple(
        replaced(answer, record=None, votes=_of_nobody_here(answer.votes))
        for answer in (counting[old.item] for old in newest.items)
    )
    of_gold = tuple(ItemVotes(item=each.item, votes=_of_nobody_here(each.votes)) for each in recorded(batch))
    whole = as_asked(batch)
    places = sorted(each.rank for each in whole.queried.items if each.item in whole.kept_items)
    picks = [picked for picked in batch.queried.items if picked.item in kept_items]
    items = tuple(replaced(picked, rank=rank) for rank, picked in enumerate(picks))
    gold = tuple(
        replaced(text, rank=places.index(text.rank))
        for text in batch.queried.gold or ()
        if text.item in kept_gold
    )
    annotated = replaced(newest, revision=0, items=answers, agreement=mean(answers), gold=of_gold or UNSAID)
    suggestions = tuple(_said_before(batch, kept_items))
    return InitialBatch(items, annotated, gold, batch.queried.gold_version or "", suggestions)


def _said_before(batch: Batch, kept_items: Collection[int]) -> Iterator[SuggestionsMade]:
    """What machines said of these texts. What it cost stays with the project that paid for it."""
    number = 0
    for made in batch.suggestions:
        if items := tuple(suggested for suggested in made.items if suggested.item in kept_items):
            yield replaced(made, number=number, items=items, tokens_in=UNSAID, tokens_out=UNSAID, cost=UNSAID)
            number += 1


def _of_nobody_here(votes: Sequence[Vote]) -> tuple[Vote, ...]:
    """The votes without the accounts with which they were given."""
    return tuple(replaced(vote, user=None) for vote in votes)


def given_labels(state: LoopState) -> dict[int, tuple[str, ...]]:
    """The labels that a project was created with, by pool item."""
    return {
        answer.item: answer.labels
        for number in range(state.project.given)
        for answer in state.batches[str(number)].revisions[0].items
    }


def opening(
    project: str,
    created: ProjectCreated,
    first_batches: Sequence[InitialBatch],
    source: str,
    time: datetime | None = None,
    settings: SettingsV4 = NOT_CHANGED,
    label_changes: Sequence[LabelsChanged] = (),
    grown: Sequence[Snapshot] = (),
    suggester: Sequence[SuggesterChosen] = (),
    standings: Mapping[str, str] = EMPTY,
    gold_before: Sequence[Snapshot] = (),
) -> Iterator[Event]:
    """The first events of a project, to be appended together. `time` None means now.

    `settings`: those that its creation cannot say. `label_changes`, `grown` and `standings`: those of the
    project that it goes on from, the snapshots of its pool after the first one, and who may answer no more.
    `suggester`: who suggests labels, if another than the model does. `gold_before`: the gold texts that it
    had before those of the settings.
    """
    event = partial(new_event, project, source=source, time=time or datetime.now(UTC))
    first = event(as_written(created, len(first_batches)))
    yield first
    for more in growth(created.pool, grown, source):
        yield event(more, cause=first.id)
    for number, snapshot in enumerate(gold_before):
        before = SettingsV4(gold=snapshot)
        yield event(
            changed_as_written(before, request=f"{AT_CREATION} gold {number}", who=source, from_batch=0)
        )
    if settings != NOT_CHANGED:
        yield event(changed_as_written(settings, request=AT_CREATION, who=source, from_batch=0))
    yield from map(event, (*suggester, *label_changes))
    yield from map(event, said_of(standings, AT_CREATION, source))
    for number, batch in enumerate(first_batches):
        version = (created.pool, *grown)[-1].digest
        queried = event(_queried(created, number, batch, version), cause=first.id)
        yield queried
        for facts in (*batch.suggestions, batch.answers):
            yield event(facts, cause=queried.id)


def growth(pool: Snapshot, grown: Sequence[Snapshot], who: str) -> Iterator[PoolGrown]:
    """What says that a pool has further snapshots from the first batch on."""
    for before, snapshot in pairwise((pool, *grown)):
        yield PoolGrown(snapshot=snapshot, after=before.digest, from_batch=0, who=who)


def as_written(created: ProjectCreated, batches_given: int) -> ProjectCreated:
    """The event that begins a project, in the first version that can say it.

    A labelloop that does not know the version halts, where it would misread an earlier one.
    """
    kind = next(kind for kind in VERSIONS if _can_say(kind, created))
    values = {name: value for name, value in created if name in kind.model_fields}
    return kind(**{**values, "given": batches_given})


def changed_as_written(settings: SettingsV4, **by: Any) -> ProjectChanged:
    """The event that changes settings, in the first version that can say it."""
    wanted = {name: value for name, value in settings if value is not None}
    kinds: tuple[tuple[Any, Any], ...] = (
        (ProjectChanged, Settings),
        (ProjectChangedV2, SettingsV2),
        (ProjectChangedV3, SettingsV3),
        (ProjectChangedV4, SettingsV4),
    )
    event, kind = next((event, kind) for event, kind in kinds if wanted.keys() <= fields(kind).keys())
    made: ProjectChanged = event(**by, settings=kind(**wanted))
    return made


def _can_say(kind: type[ProjectCreated], created: ProjectCreated) -> bool:
    """Whether what this version leaves out is what it means by that."""
    if kind is ProjectCreated and created.cold_start not in COLD_STARTS_OF_VERSION_1:
        return False
    if created.is_multi_label != (kind is ProjectCreatedV5):
        return False
    others = created.model_fields.keys() - kind.model_fields.keys()
    return all(getattr(created, name) == created.model_fields[name].default for name in others)


def _queried(created: ProjectCreated, number: int, batch: InitialBatch, pool_version: str) -> BatchQueried:
    return BatchQueried(
        batch=str(number),
        items=batch.items,
        seed=created.seed,
        pool_version=pool_version,
        seconds=0.0,
        gold=batch.gold or UNSAID,
        gold_version=batch.gold_version or UNSAID,
    )
