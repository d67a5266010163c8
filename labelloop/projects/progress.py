"""How far a project is: its batches, labels, models and what failed. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from labelloop.loop.figures import Audited, audits
from labelloop.loop.gold_texts import gold_at, gold_snapshots, kept, recorded, used
from labelloop.loop.label_lists import label_list, places
from labelloop.loop.labels import NONE, current, decided
from labelloop.loop.pools import TopicOfTexts, pool_of, topics
from labelloop.loop.schedule import finished, open_batches
from labelloop.loop.settings_in_force import (
    annotators,
    answers_wanted,
    deciding,
    min_submitted_at,
    overlap_at,
)
from labelloop.loop.state import Batch, Labels, LoopState
from labelloop.loop.suggestions import has_answer, is_any_machine_chosen, made_of, spent, suggester_next
from labelloop.projects.model_summary import ModelSummary, StoppingSummary, model_summary, stopping_summary

FAILED = ("failed", "refused")
"""Why a machine said nothing of a text, where that is for no reason of the text alone."""


@dataclass(frozen=True)
class OpenBatch:
    """A batch that people still label: how many texts have an answer, and how many answers there are.

    `waiting`: how many texts have an answer, and need one of another person. `gold_left`: how many gold texts
    it waits for.
    """

    batch: str
    texts: int
    answered: int
    answers: int
    waiting: int = 0
    gold_left: int = 0


@dataclass(frozen=True)
class GoldSummary:
    """The gold texts of the next batch: their share, how many there are, and how many were asked by now.

    `before`: how many were asked that the files had which were given before.
    """

    share: float
    texts: int
    used: int
    before: int = 0


@dataclass(frozen=True)
class SuggesterSummary:
    """The machine that suggests labels from the next batch on, and what machines have done so far.

    `model`: of a language model. `failed`: of how many texts it could say nothing, because it or its endpoint
    failed. `cost` and `max_cost`: None without prices, and without a limit.
    """

    suggester: str
    model: str | None
    votes: bool
    asked: int
    labelled: int
    failed: int
    cost: float | None
    max_cost: float | None

    @property
    def is_spent(self) -> bool:
        """Whether no more may be spent."""
        return self.max_cost is not None and (self.cost or 0.0) >= self.max_cost


@dataclass(frozen=True)
class FailureSummary:
    """The last failure of a piece of work."""

    service: str
    due: str
    error: str
    attempt: int


@dataclass(frozen=True)
class Progress:
    """The progress of a project that was created. The defaults are those of a project that was not.

    `done`: how many batches. `labels`: by pool item. `left_out`: how many texts of the data set are not in
    the pool, by why. `topics`: those of Kafka from which texts came. `annotators`: valid answers by username
    and status. `only_for`: who alone sees it. `overlap`: the share of the next
    batch that two people answer. `gold`: None if there are no gold texts.
    `places`: how many places people answered in, one after the
    other, because labels changed. `audit`: the one of the newest audited model. `suggester`: None if no
    machine beside the model was ever chosen. `failures`: the last one of each piece of work that has not been
    done since.
    """

    paused: bool = False
    ended: bool = False
    finished: bool = False
    done: int = 0
    open: tuple[OpenBatch, ...] = ()
    labels: Labels = field(default_factory=dict)
    discarded: int = 0
    pool: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    topics: tuple[TopicOfTexts, ...] = ()
    annotators: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    only_for: tuple[str, ...] | None = None
    overlap: float = 0.0
    gold: GoldSummary | None = None
    places: int = 1
    models: tuple[ModelSummary, ...] = ()
    audit: Audited | None = None
    stopping: StoppingSummary | None = None
    suggester: SuggesterSummary | None = None
    failures: tuple[FailureSummary, ...] = ()

    @property
    def model(self) -> ModelSummary | None:
        """The newest model."""
        return self.models[-1] if self.models else None

    @property
    def label_counts(self) -> dict[str, int]:
        """The number of texts by label, and of those that have none of several."""
        counts = dict(sorted(Counter(name for names in self.labels.values() for name in names).items()))
        none = sum(not names for names in self.labels.values())
        return {**counts, NONE: none} if none else counts


@dataclass(frozen=True)
class Settled:
    """What the batches that are done come to. It is the same until one of them gets a revision.

    `labels`: by pool item. `votes`: valid answers by username and status.
    """

    labels: Labels
    discarded: int
    votes: Mapping[str, Mapping[str, int]]


def settled(state: LoopState) -> Settled:
    """What the batches that are done come to."""
    listed = label_list(state)
    return Settled(
        labels={item: listed.show(names) for item, names in current(state).items()},
        discarded=sum(1 for _, answer in decided(state) if answer.discarded),
        votes=_votes(batch for batch in state.batches.values() if batch.done),
    )


def progress_of(state: LoopState, done: Settled | None = None) -> Progress:
    """The progress of a project. `done`: what `settled` told of the state, if that is known."""
    done = done or settled(state)
    opened, audited = open_batches(state), audits(state)
    pool = pool_of(state)
    return Progress(
        paused=state.paused,
        ended=bool(state.ended),
        finished=finished(state),
        done=len(state.batches) - len(opened),
        open=tuple(_open(state, batch) for batch in opened),
        labels=done.labels,
        places=len(places(state)),
        discarded=done.discarded,
        pool=pool.size,
        left_out={
            "empty": sum(snapshot.dropped_empty for snapshot in pool.snapshots),
            "duplicates": sum(snapshot.dropped_duplicate for snapshot in pool.snapshots),
            "near_copies": sum(snapshot.dropped_near_copies for snapshot in pool.snapshots),
        },
        topics=topics(state),
        annotators=_together(done.votes, _votes(opened)),
        only_for=annotators(state),
        overlap=overlap_at(state, state.numbered),
        gold=_gold(state),
        models=tuple(model_summary(state, trained) for trained in state.models.values()),
        audit=audited[-1] if audited else None,
        stopping=stopping_summary(state),
        suggester=_suggester(state),
        failures=tuple(_failures(state)),
    )


def _open(state: LoopState, batch: Batch) -> OpenBatch:
    answers = sum(len(answer.votes) for answer in batch.answers)
    wanted = answers_wanted(state, batch)
    waiting = sum(0 < deciding(answer.votes) < wanted[answer.item] for answer in batch.answers)
    return OpenBatch(batch.name, len(batch.items), batch.answered, answers, waiting, _gold_left(state, batch))


def _gold_left(state: LoopState, batch: Batch) -> int:
    least = min_submitted_at(state, batch.number)
    return len(kept(batch)) - sum(deciding(answer.votes) >= least for answer in recorded(batch))


def _gold(state: LoopState) -> GoldSummary | None:
    snapshot, share = gold_at(state, state.numbered)
    if snapshot is None:
        return None
    others = {each.digest for each in gold_snapshots(state)} - {snapshot.digest}
    before = sum(len(used(state, digest)) for digest in others)
    return GoldSummary(share, snapshot.size, len(used(state, snapshot.digest)), before)


def _suggester(state: LoopState) -> SuggesterSummary | None:
    if not is_any_machine_chosen(state):
        return None
    now, batches = suggester_next(state), tuple(state.batches.values())
    suggested = [suggested for batch in batches for _, suggested in made_of(batch)]
    parameters = now.choice.parameters
    return SuggesterSummary(
        suggester=now.choice.name,
        model=parameters.get("model"),
        votes=now.votes,
        asked=len(suggested),
        labelled=sum(map(has_answer, suggested)),
        failed=sum(each.abstained in FAILED for each in suggested),
        cost=spent(*batches).cost if "price_in" in parameters else None,
        max_cost=parameters.get("max_cost"),
    )


def _failures(state: LoopState) -> list[FailureSummary]:
    latest = _latest_success(state)
    return [
        FailureSummary(service, due, failure.event.error, failure.event.attempt)
        for (service, due), failure in state.failures.items()
        if latest is None or failure.at > latest
    ]


def _latest_success(state: LoopState) -> datetime | None:
    times = [trained.at for trained in state.models.values()]
    times += [batch.annotated_at or batch.queried_at for batch in state.batches.values()]
    return max(times, default=None)


def _votes(batches: Iterable[Batch]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for batch in batches:
        for answer in batch.answers:
            for vote in answer.votes:
                counts.setdefault(vote.username, Counter())[vote.status] += 1
    return counts


def _together(*counted: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    names = sorted({name for counts in counted for name in counts})
    sums = {name: sum((Counter(counts.get(name, {})) for counts in counted), Counter()) for name in names}
    return {name: dict(sorted(counts.items())) for name, counts in sums.items()}
