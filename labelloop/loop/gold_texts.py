"""Texts whose labels are certain, mixed into batches: which, and how people answer them. Pure.

They are no texts of the pool. Where people answer, their numbers lie beyond those of every pool.
"""

import random
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from labelloop.loop.figures import wilson
from labelloop.loop.label_lists import label_list
from labelloop.loop.random_draws import audit_count, derived
from labelloop.loop.settings_in_force import last_said
from labelloop.loop.state import Batch, InapplicableEvent, LoopState, changed
from labelloop.loop.suggestions import SHOWN
from schemas.events import BatchAnnotated, BatchQueried, ResponsesRecorded
from schemas.model import replaced
from schemas.parts import AnnotatedItem, GoldItem, ItemVotes, QueriedItem, Snapshot

FIRST = 2**52
"""The number of the first one where people answer: no pool is as large, and every reader of JSON keeps it."""
REASON = "gold"


class GoldSetting(NamedTuple):
    """The gold texts of a numbered batch's project, and how many it is given, as a share of its own texts."""

    snapshot: Snapshot | None
    share: float


@dataclass(frozen=True)
class GoldFigures:
    """A person's answers to gold texts: how many labels, how many of them are right, and discards.

    `low`, `high`: the 95 % interval of the share that is right; None without labels.
    """

    labels: int
    right: int
    discarded: int
    low: float | None = None
    high: float | None = None


class Confusion(NamedTuple):
    """How often a person gave gold texts with certain labels others."""

    labels: tuple[str, ...]
    given: tuple[str, ...]
    times: int


class GoldAnswer(NamedTuple):
    """A person's answer to a gold text, which is a row of the snapshot with the digest `version`.

    `labels`: the right ones. `given`: None if the person discarded the text.
    """

    version: str
    row: int
    batch: str
    labels: tuple[str, ...]
    username: str
    given: tuple[str, ...] | None

    @property
    def is_right(self) -> bool:
        return self.given is not None and {*self.given} == {*self.labels}


def gold_at(state: LoopState, batch: int) -> GoldSetting:
    """The setting that holds for a numbered batch."""
    return GoldSetting(last_said(state, batch, "gold"), last_said(state, batch, "gold_share") or 0.0)


def gold_snapshots(state: LoopState) -> tuple[Snapshot, ...]:
    """All that the project was ever given."""
    return tuple(change.settings.gold for change in state.changes if change.settings.gold is not None)


def kept(batch: Batch) -> frozenset[int]:
    """The rows of a batch's gold texts: all, except those of a closed batch that nobody answered."""
    gold = batch.revisions[0].gold if batch.revisions else batch.queried.gold
    return frozenset(text.item for text in gold or ())


def recorded(batch: Batch) -> tuple[ItemVotes, ...]:
    """The latest recorded votes on a batch's gold texts, by their rows."""
    latest = batch.revisions[-1] if batch.revisions else batch.responses
    return (latest.gold or ()) if latest else ()


def answered(batch: Batch, data: ResponsesRecorded | BatchAnnotated) -> Batch:
    """The batch. Raises InapplicableEvent for answers to gold texts that it does not have."""
    asked = {text.item for text in batch.queried.gold or ()}
    if stray := {answer.item for answer in data.gold or ()} - asked:
        raise InapplicableEvent(f"it answers gold texts that the batch does not have: {sorted(stray)[:5]}")
    return batch


def check_drawn(data: BatchQueried, state: LoopState) -> None:
    """Raises InapplicableEvent for gold texts that the project does not have, or that were used before."""
    gold = data.gold
    if not gold:
        return
    rows, ranks = {text.item for text in gold}, {text.rank for text in gold}
    sizes = {snapshot.digest: snapshot.size for snapshot in gold_snapshots(state)}
    if max(rows) >= sizes.get(data.gold_version or "", 0):
        raise InapplicableEvent("it has gold texts that the project does not have")
    if len(rows) < len(gold) or rows & used(state, data.gold_version or ""):
        raise InapplicableEvent("it has a gold text twice, or one that another batch has")
    if len(ranks) < len(gold) or max(ranks) >= len(gold) + len(data.items):
        raise InapplicableEvent("the places of its gold texts are not among those of its texts")


def used(state: LoopState, version: str) -> frozenset[int]:
    """The rows of a snapshot that people were asked for. A closed batch gives those without answer back."""
    return frozenset(
        item
        for batch in state.batches.values()
        if batch.queried.gold and batch.queried.gold_version == version
        for item in kept(batch)
    )


def mixed(
    state: LoopState, queried: BatchQueried, snapshot: Snapshot, labels: Sequence[tuple[str, ...]]
) -> BatchQueried:
    """The next batch with its gold texts, drawn by the seed, each once in a project, while there are any.

    `labels`: those of each text of the snapshot. One with a retired label is left out. As many texts of the
    batch as are gold are shown without a suggestion, too. None of these are audit texts, as people see that
    they are such; a batch that has no others has no gold texts.
    """
    counting, taken = label_list(state), used(state, snapshot.digest)
    order = list(range(snapshot.size))
    random.Random(derived(state.project.seed, "gold", snapshot.digest)).shuffle(order)
    free = [row for row in order if row not in taken and counting.retired.isdisjoint(labels[row])]
    drawn = free[: audit_count(gold_at(state, state.numbered).share, len(queried.items))]
    shown = [picked.rank for picked in queried.items if picked.reason in SHOWN]
    if not drawn or not shown:
        return queried
    places = random.Random(derived(state.project.seed, "gold-places", queried.batch))
    ranks = sorted(places.sample(range(len(drawn) + len(queried.items)), len(drawn)))
    gold = tuple(
        GoldItem(item=row, rank=rank, labels=labels[row]) for row, rank in zip(drawn, ranks, strict=True)
    )
    unaided = frozenset(places.sample(shown, min(len(shown), len(drawn))))
    items = tuple(
        replaced(picked, suggested=False, unaided=True) if picked.rank in unaided else picked
        for picked in queried.items
    )
    return replaced(queried, items=items, gold=gold, gold_version=snapshot.digest)


def as_asked(batch: Batch) -> Batch:
    """The batch as people have it before them: with its gold texts, under numbers that no pool has."""
    gold = batch.queried.gold
    if not gold:
        return batch
    responses = batch.responses
    if responses is not None and responses.gold:
        responses = replaced(responses, items=(*responses.items, *map(_outside, responses.gold)))
    return changed(
        batch,
        queried=replaced(batch.queried, items=_in_order(batch.queried.items, gold)),
        responses=responses,
        revisions=tuple(map(_with_answers, batch.revisions)),
    )


def _in_order(items: Sequence[QueriedItem], gold: Collection[GoldItem]) -> tuple[QueriedItem, ...]:
    """All texts with their places: those of the pool in the order that they have, where no gold text is."""
    taken = {text.rank for text in gold}
    free = iter([rank for rank in range(len(items) + len(gold)) if rank not in taken])
    of_pool = [replaced(picked, rank=next(free)) for picked in items]
    return (
        *of_pool,
        *(QueriedItem(item=FIRST + text.item, rank=text.rank, reason=REASON) for text in gold),
    )


def _outside(answer: ItemVotes) -> ItemVotes:
    return ItemVotes(item=FIRST + answer.item, record=answer.record, votes=answer.votes)


def _with_answers(revision: BatchAnnotated) -> BatchAnnotated:
    outside = (
        AnnotatedItem(item=FIRST + answer.item, record=answer.record, votes=answer.votes)
        for answer in revision.gold or ()
    )
    return replaced(revision, items=(*revision.items, *outside))


def is_gold(item: int) -> bool:
    """Whether a number where people answer is that of a gold text."""
    return item >= FIRST


def apart(answers: Sequence[ItemVotes]) -> tuple[tuple[ItemVotes, ...], tuple[ItemVotes, ...]]:
    """Answers to texts of the pool, and those to gold texts, by their rows."""
    return (
        tuple(answer for answer in answers if not is_gold(answer.item)),
        tuple(
            ItemVotes(item=answer.item - FIRST, record=answer.record, votes=answer.votes)
            for answer in answers
            if is_gold(answer.item)
        ),
    )


def other_numbers(state: LoopState, batch: Batch) -> dict[int, int]:
    """The numbers that people may read beside gold texts, drawn among those of the pool, by their own.

    None is that of another text of the batch.
    """
    gold, items = batch.queried.gold or (), batch.items
    draw = random.Random(derived(state.project.seed, "gold-numbers", batch.name))
    numbers = range(max(state.project.pool.size, len(items)) + len(gold))
    drawn = (number for number in draw.sample(numbers, len(items) + len(gold)) if number not in items)
    return {FIRST + text.item: number for text, number in zip(gold, drawn, strict=False)}


def figures(state: LoopState) -> dict[str, GoldFigures]:
    """How people answered gold texts, by username. A text with a label that is retired measures nobody."""
    labels, right, discarded = Counter[str](), Counter[str](), Counter[str]()
    for answer in gold_answers(state):
        discarded[answer.username] += answer.given is None
        labels[answer.username] += answer.given is not None
        right[answer.username] += answer.is_right
    return {
        name: GoldFigures(labels[name], right[name], discarded[name], *_interval(right[name], labels[name]))
        for name in sorted(labels)
    }


def confusions(state: LoopState) -> dict[str, list[Confusion]]:
    """Which labels people gave gold texts instead of the right ones, by username, most frequent first."""
    times: dict[str, Counter[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for answer in gold_answers(state):
        if answer.given is not None and not answer.is_right:
            pair = tuple(sorted(answer.labels)), tuple(sorted(answer.given))
            times.setdefault(answer.username, Counter())[pair] += 1
    return {
        name: sorted(
            (Confusion(*pair, count) for pair, count in wrong.items()), key=lambda each: (-each.times, each)
        )
        for name, wrong in times.items()
    }


def _interval(right: int, labels: int) -> tuple[float, float] | tuple[None, None]:
    return wilson(right / labels, labels) if labels else (None, None)


def gold_answers(state: LoopState) -> Iterator[GoldAnswer]:
    """All answers to gold texts, batch by batch. A text with a label that is retired measures nobody."""
    retired = label_list(state).retired
    for batch in state.batches.values():
        expected = {text.item: text.labels for text in batch.queried.gold or ()}
        for answer in recorded(batch):
            labels = expected[answer.item]
            for vote in answer.votes if retired.isdisjoint(labels) else ():
                if vote.status != "draft":
                    given = None if vote.status == "discarded" else vote.labels
                    version = batch.queried.gold_version or ""
                    yield GoldAnswer(version, answer.item, batch.name, labels, vote.username, given)
