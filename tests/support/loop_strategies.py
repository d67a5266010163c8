"""Hypothesis draws of valid loops."""

import random
from collections.abc import Callable

from hypothesis import strategies as st

from labelloop.loop.labels import decided, of_answer
from labelloop.loop.pools import pool_of
from labelloop.loop.schedule import next_batch, next_model, open_batches
from labelloop.loop.state import Batch
from labelloop.projects.given_batches import copied
from schemas import events as e
from schemas.parts import MULTI_LABEL, SINGLE_LABEL, Settings, SettingsV2
from tests.support.loops import LABELS, Answers, Loop, mixed, one, project, rare
from tests.support.states import recorded_predictions

ACTS = (
    "query",
    "train",
    "answer",
    "answer",
    "partly",
    "revise",
    "close",
    "pause",
    "resume",
    "change",
    "grow",
    "ask again",
    "relabel",
    "lose",
    "begin query",
    "begin train",
    "land",
    "fail",
    "evaluate",
    "end",
)


@st.composite
def projects(
    draw: st.DrawFn, pool: int | None = None, *, may_grow: bool = True, task: str | None = None
) -> e.ProjectCreatedV4:
    return project(
        pool=pool or draw(st.sampled_from([30, 30, 20, 12, 7, 1])),
        batch_size=draw(st.sampled_from([3, 2, 4, 1])),
        max_batches=draw(st.sampled_from([None, 6, 8, 3, 1])),
        lookahead=draw(st.sampled_from([0, 1, 2, 3, *(["auto", "auto"] if may_grow else [])])),
        seed=draw(st.integers(0, 3)),
        task=task or draw(st.sampled_from([SINGLE_LABEL, SINGLE_LABEL, MULTI_LABEL])),
    )


golds = st.sampled_from([mixed, mixed, mixed, rare, rare, one])


@st.composite
def loops(draw: st.DrawFn, until_finished: bool = False) -> Loop:
    """A loop in which all happened that can: revisions, closes, pauses, losses, slow services, an end.

    Some begin with the batches of another one.
    """
    created, gold = draw(projects()), draw(golds)
    loop = Loop(created, gold)
    generator = random.Random(draw(st.integers(0, 2**16)))
    if draw(st.sampled_from([False, False, True])):
        Chance(loop, generator).run(generator.choices(ACTS, k=30))
        given = copied(loop.state, generator.randint(0, loop.state.annotated))
        grown = pool_of(loop.state).snapshots[1:]
        loop = Loop(draw(projects(pool=created.pool.size, task=created.task)), gold, given, grown)
    acts = generator.choices(ACTS, k=draw(st.sampled_from([0, 10, 30, 60, 100])))
    Chance(loop, generator).run(acts)
    if until_finished:
        if loop.state.paused:
            loop.append(e.ProjectResumed(request="last", who="ada"))
        loop.finish()
    return loop


class Chance:
    """Does acts to a loop where they are possible. A service that began lands its event later."""

    def __init__(self, loop: Loop, generator: random.Random) -> None:
        self._loop = loop
        self._random = generator
        self._requests = 0
        self._in_flight: dict[str, tuple[list[e.EventData], str]] = {}

    def run(self, acts: list[str]) -> None:
        for act in acts:
            self._act(act)
        self._land()

    def _act(self, act: str) -> None:
        loop, busy = self._loop, self._in_flight
        done = [batch for batch in loop.state.batches.values() if batch.done]
        match act:
            case "query" | "train" | "relabel":
                if act in loop.ready() and act not in busy:
                    loop.act(act)
            case "ask again":
                self._ask_again()
            case "begin query":
                if (batch := next_batch(loop.state)) and "query" not in busy:
                    busy["query"] = loop.picked(batch), batch.cause
            case "begin train":
                if (model := next_model(loop.state)) and "train" not in busy:
                    busy["train"] = [loop.train(model)], model.cause
            case "land":
                self._land()
            case "answer":
                self._with_one(list(open_batches(loop.state)), self._answer)
            case "partly":
                self._with_one(list(open_batches(loop.state)), self._answer_partly)
            case "revise":
                self._with_one(done, self._revise)
            case "close":
                self._with_one(list(loop.state.batches.values()), self._close)
            case "pause":
                self._ask(e.ProjectPaused)
            case "resume":
                self._ask(e.ProjectResumed)
            case "change":
                self._change()
            case "grow":
                if self._random.random() < 0.5:
                    self._grow()
            case "end":
                if self._random.random() < 0.03:
                    self._ask(e.ProjectEnded)
            case _:
                self._report(act)

    def _report(self, act: str) -> None:
        loop = self._loop
        self._requests += 1
        if act == "fail":
            failure = e.ServiceFailed(
                service="trainer", due="model 1", kind="x", error="x", attempt=self._requests
            )
            loop.append(failure)
            return
        available = [trained.latest for trained in loop.state.models.values() if trained.available]
        if not available or "train" in self._in_flight:
            return
        latest = self._random.choice(available)
        cause = loop.state.models[latest.model].ids[-1]
        if act == "lose":
            lost = e.ModelLost(model=latest.model, attempt=latest.attempt, reason="its folder is gone")
            loop.append(lost, cause)
        elif latest.model not in loop.state.evaluations:
            loop.append(evaluated(latest), cause)
            loop.append(recorded_predictions(latest.model, attempt=latest.attempt), cause)

    def _ask_again(self) -> None:
        answered = sorted({answer.item for _, answer in decided(self._loop.state)})
        if answered:
            items = tuple(self._random.sample(answered, min(2, len(answered))))
            self._requests += 1
            request = e.RelabelRequested(request=str(self._requests), who="ada", items=items)
            self._loop.append(request, self._loop.state.latest_id)

    def _land(self) -> None:
        for facts, cause in self._in_flight.values():
            for data in facts:
                self._loop.append(data, cause)
        self._in_flight.clear()

    def _with_one(self, batches: list[Batch], act: Callable[[Batch], None]) -> None:
        if batches:
            act(self._random.choice(batches))

    def _answer(self, batch: Batch) -> None:
        if batch.closed or self._loop.state.ended:
            self._loop.answer(batch, self._some(batch))
        else:
            self._loop.answer(batch)

    def _answer_partly(self, batch: Batch) -> None:
        number = batch.responses.number + 1 if batch.responses else 0
        self._loop.answer_partly(batch, number)

    def _revise(self, batch: Batch) -> None:
        answers = {answer.item: of_answer(answer) for answer in batch.revisions[-1].items}
        if answers:
            item = self._random.choice(sorted(answers))
            answers[item] = self._random.choice([(LABELS[0],), (LABELS[1],), None, ()])
            self._loop.answer(batch, answers)

    def _close(self, batch: Batch) -> None:
        self._requests += 1
        self._loop.append(e.BatchClosed(request=str(self._requests), who="ada", batch=batch.name))

    def _ask(self, event: type[e.OperatorEvent]) -> None:
        self._requests += 1
        self._loop.append(event(request=str(self._requests), who="ada"))

    def _change(self) -> None:
        self._requests += 1
        by = {"request": str(self._requests), "who": "ada", "from_batch": self._random.randint(0, 8)}
        if self._random.random() < 0.5:
            settings = Settings(batch_size=self._random.choice([1, 2, 5]))
            self._loop.append(e.ProjectChanged(**by, settings=settings))  # type: ignore[arg-type]
        else:
            lookahead = {"lookahead": self._random.choice([0, 1, 2, 4]), "lookahead_grows": False}
            other = SettingsV2(**self._random.choice([lookahead, {"lookahead": 1, "lookahead_grows": True}]))  # type: ignore[arg-type]
            self._loop.append(e.ProjectChangedV2(**by, settings=other))  # type: ignore[arg-type]

    def _grow(self) -> None:
        self._requests += 1
        versions = [snapshot.digest for snapshot in pool_of(self._loop.state).snapshots]
        after = self._random.choice([versions[-1], versions[-1], *versions])
        size, first = self._random.choice([1, 4, 12]), self._random.randint(0, 8)
        self._loop.grow(f"{len(versions)}-{self._requests}", size, after, first)

    def _some(self, batch: Batch) -> Answers:
        decided = [pick.item for pick in batch.queried.items if self._random.random() < 0.5]
        return {item: self._loop.answers(item) for item in decided}


def evaluated(trained: e.ModelTrained) -> e.ModelEvaluated:
    return e.ModelEvaluated(
        model=trained.model,
        attempt=trained.attempt,
        labels=trained.labels,
        accuracy=0.5,
        macro_f1=0.5,
        classes=LABELS,
        per_class={},
        confusion=((1, 1), (1, 1)),
        size=4,
        test_version="t",
        seconds=1.0,
    )
