"""A loop without its machinery: services that act on the state alone, people who answer as they like.

What the services decide follows the state exactly as it was when they began; what a strategy or a training
would add is stood in for by draws that depend on what the model learned.
"""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from labelloop.loop.digest import learned_digest
from labelloop.loop.history import History
from labelloop.loop.labels import asked_items, at_revisions
from labelloop.loop.names import compact
from labelloop.loop.pace import expected_answers, waiting_texts
from labelloop.loop.pools import pool_for_next, pool_of
from labelloop.loop.random_draws import as_listed, audit_count, derived
from labelloop.loop.schedule import (
    NextBatch,
    NextModel,
    NextRelabel,
    finished,
    grows,
    next_batch,
    next_model,
    next_relabel,
    open_batches,
)
from labelloop.loop.state import Batch, LoopState
from labelloop.projects.catalog import created
from labelloop.projects.given_batches import InitialBatch, opening
from schemas import events as e
from schemas.envelope import Event, new_event
from schemas.fields import UNSAID
from schemas.parts import (
    AnnotatedItem,
    BaseModelChoice,
    Choice,
    ItemVotes,
    LogPrefix,
    QueriedItem,
    Snapshot,
    TopicRead,
    Vote,
)

PROJECT = "questions-7f3a"
LABELS = ("ham", "spam")
START = datetime(2026, 1, 1, tzinfo=UTC)
Answers = Mapping[int, tuple[str, ...] | None]


def project(
    *,
    pool: int = 40,
    batch_size: int = 3,
    max_batches: int | None = 6,
    lookahead: int | Literal["auto"] = 1,
    seed: int = 0,
    **changes: Any,
) -> e.ProjectCreatedV4:
    return e.ProjectCreatedV4(
        name="questions",
        labels=LABELS,
        pool=Snapshot(uri="pools/1", digest="d", size=pool),
        batch_size=batch_size,
        max_batches=max_batches,
        lookahead=1 if lookahead == "auto" else lookahead,
        lookahead_grows=lookahead == "auto",
        classifier=Choice(name="linear"),
        strategy=Choice(name="breaking-ties"),
        model=BaseModelChoice(name="tiny"),
        seed=seed,
        **changes,
    )


@dataclass
class Loop:
    """A project's events as they come about. `gold`: the label of an item, None where people discard it."""

    created: e.ProjectCreatedV4
    gold: Callable[[int], str | None]
    given: Sequence[InitialBatch] = ()
    grown: Sequence[Snapshot] = ()
    events: list[Event] = field(default_factory=list)
    history: History = field(default_factory=lambda: History(PROJECT))
    minutes: int = 0

    def __post_init__(self) -> None:
        for event in opening(PROJECT, self.created, self.given, "tests", START, grown=self.grown):
            self._take(event)

    @property
    def state(self) -> LoopState:
        return created(self.history)

    def append(self, data: e.EventData, cause: str | None = None) -> Event:
        self.minutes += 1
        time = START + timedelta(minutes=self.minutes)
        return self._take(new_event(PROJECT, data, source="tests", cause=cause, time=time))

    def _take(self, event: Event) -> Event:
        self.events.append(event)
        assert self.history.add(event), self.history.halt
        return event

    def pick(self, work: NextBatch) -> e.BatchQueried:
        """What the querier says: a draw that depends on the seed, or on what the model learned."""
        pool = pool_for_next(self.state)
        free = sorted(set(range(pool.size)) - asked_items(self.state))
        trained = self.state.models[work.model].latest if work.model is not None else None
        source = f"{self.created.seed} {trained.digest if trained else ''}"
        order = sorted(free, key=lambda item: hashlib.sha256(f"{source} {item}".encode()).digest())
        reason = "uncertain" if trained else "cold-start"
        audits = audit_count(self.created.audit_share, work.size) if trained else 0
        return e.BatchQueried(
            batch=work.batch,
            items=tuple(
                QueriedItem(item=item, rank=rank, reason="audit" if rank < audits else reason)
                for rank, item in enumerate(order[: work.size])
            ),
            model=work.model,
            attempt=trained.attempt if trained else None,
            seed=derived(self.created.seed, "query", work.batch) if trained else self.created.seed,
            pool_version=pool.version,
            seconds=self.minutes / 7,
        )

    def picked(self, work: NextBatch) -> list[e.EventData]:
        """All that the querier says of a batch."""
        if work.model is None or not grows(self.state):
            return [self.pick(work)]
        waiting, expected = waiting_texts(self.state), expected_answers(self.state)
        chosen = e.LookaheadChosen(batch=work.batch, model=work.model, waiting=waiting, expected=expected)
        return [chosen, self.pick(work)]

    def pick_again(self, work: NextRelabel) -> e.BatchQueried:
        """What the querier says of texts that people are asked for once more."""
        return e.BatchQueried(
            batch=work.batch,
            items=as_listed(work.items, "relabel"),
            seed=self.created.seed,
            pool_version=pool_for_next(self.state).version,
            seconds=0.0,
        )

    def train(self, work: NextModel) -> e.ModelTrained:
        """What the trainer says."""
        return e.ModelTrained(
            model=work.model,
            attempt=work.attempt,
            learned=compact(work.learned),
            digest=learned_digest(self.state, work.learned),
            labels=len(at_revisions(self.state, work.learned)),
            artifact=f"models/{work.model}/{self.minutes}",
            sha256=str(self.minutes),
            seconds=self.minutes / 3,
            device="cpu",
            threads=2,
            seed=derived(self.created.seed, "train", work.model),
            log=LogPrefix(events=self.state.log.events, digest=self.state.log.digest),
            label_list=len(self.state.label_changes) or UNSAID,
        )

    def grow(
        self,
        digest: str,
        size: int = 5,
        after: str | None = None,
        from_batch: int | None = None,
        topic: TopicRead = UNSAID,
    ) -> None:
        """Further texts; `after` another version of the pool than there is, they come too late."""
        self.append(
            e.PoolGrown(
                snapshot=Snapshot(uri=f"pools/{digest}", digest=digest, size=size),
                after=pool_of(self.state).version if after is None else after,
                from_batch=self.state.numbered if from_batch is None else from_batch,
                who="ada",
                topic=topic,
            )
        )

    def answer(self, batch: Batch, answers: Answers | None = None) -> None:
        """The batch is done, or revised: with gold answers, or these (None: discarded, (): withdrawn).

        Of several labels, () is none of them. Of a batch that was closed, or if the project ended, only what
        is given.
        """
        picked = [pick.item for pick in batch.queried.items]
        if answers is None:
            answers = {item: self.answers(item) for item in picked}
        several = self.created.is_multi_label
        self.append(
            e.BatchAnnotated(
                batch=batch.name,
                revision=len(batch.revisions),
                items=tuple(
                    AnnotatedItem(
                        item=item,
                        labels=answers[item] or (),
                        discarded=answers[item] is None,
                        none=(several and answers[item] == ()) or UNSAID,
                    )
                    for item in picked
                    if item in answers
                ),
            ),
            batch.revision_ids[-1] if batch.done else batch.closed or self.state.ended or batch.queried_id,
        )

    def answers(self, item: int) -> tuple[str, ...] | None:
        """What people say of an item: of several labels the first is none of them, the second may be both."""
        label = self.gold(item)
        if label is None or not self.created.is_multi_label:
            return None if label is None else (label,)
        return () if label == LABELS[0] else LABELS[item % 4 // 2 :]

    def answer_partly(self, batch: Batch, number: int) -> None:
        """Some answers of a batch that is not done."""
        votes = (Vote(username="ada", status="submitted", labels=("ham",)),)
        items = tuple(ItemVotes(item=pick.item, votes=votes) for pick in batch.queried.items[:1])
        self.append(e.ResponsesRecorded(batch=batch.name, number=number, items=items), batch.queried_id)

    def finish(self, choose: Callable[[list[str]], str] = lambda ready: ready[0], limit: int = 2000) -> None:
        """Go on until nothing can come any more; `choose` says which of those that can act does."""
        for _ in range(limit):
            if finished(self.state):
                return
            self.act(choose(self.ready()))
        raise AssertionError(f"not finished after {limit} acts: {self.state}")

    def ready(self) -> list[str]:
        """Who can act now: the querier, the trainer, the annotators of each open batch."""
        ready = [f"answer {batch.name}" for batch in open_batches(self.state)]
        ready += ["query"] * (next_batch(self.state) is not None)
        ready += ["relabel"] * (next_relabel(self.state) is not None)
        return ready + ["train"] * (next_model(self.state) is not None)

    def act(self, who: str) -> None:
        match who.split():
            case ["query"]:
                work = next_batch(self.state)
                assert work is not None
                for data in self.picked(work):
                    self.append(data, work.cause)
            case ["relabel"]:
                relabel = next_relabel(self.state)
                assert relabel is not None
                self.append(self.pick_again(relabel), relabel.cause)
            case ["train"]:
                model = next_model(self.state)
                assert model is not None
                self.append(self.train(model), model.cause)
            case ["answer", name]:
                batch = self.state.batches[name]
                self.answer(batch, {} if batch.closed or self.state.ended else None)
            case _:
                raise ValueError(who)


def mixed(item: int) -> str | None:
    """Both classes from the start, and a text in eleven that people discard."""
    return None if item % 11 == 5 else LABELS[item % 2]


def rare(item: int) -> str | None:
    """A second class that may not be met for long."""
    return LABELS[item % 13 == 3]


def one(item: int) -> str | None:
    return LABELS[0]


def drawn(seed: int) -> Callable[[list[str]], str]:
    """A `choose` that depends on the seed alone."""
    generator = random.Random(seed)
    return generator.choice
