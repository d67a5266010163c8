"""What is played again, and what comes of several runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from labelloop.cli.what_if import what_if_text
from labelloop.errors import UserError
from labelloop.learner.requests import (
    EvaluateResult,
    Pick,
    QueryRequest,
    QueryResult,
    TrainRequest,
    TrainResult,
)
from labelloop.loop.figures import Point
from labelloop.loop.labels import current
from labelloop.loop.settings_in_force import for_next
from labelloop.pool.snapshot import Files
from labelloop.projects.simulated_loop import SIMULATED, SimulatedLoop, choices, played
from labelloop.projects.what_if import Comparison, differences, kept
from labelloop.store import FolderStore
from schemas.events import LookaheadChosen, ProjectChanged
from schemas.model import replaced
from schemas.parts import Choice, Settings, Snapshot
from tests.support import loops
from tests.support.messages import names, raises_naming
from tests.support.states import all_answered, project, queried, state_of, trained

TEST = Snapshot(uri="t", digest="t", size=10)
LABELS = dict.fromkeys(range(13), ("spam",))


def curve(*accuracies: float) -> list[Point]:
    return [Point(str(n), 3 * n + 3, accuracy, accuracy / 2) for n, accuracy in enumerate(accuracies)]


def test_it_is_played_until_every_labelled_text_is_asked() -> None:
    found = played(project(test=TEST, max_batches=2, given=1, audit_share=0.5), LABELS, seed=4)

    assert (found.max_batches, found.seed, found.given, found.audit_share) == (5, 4, 0, 0.0)


def test_of_each_strategy_the_last_simulation_is_kept() -> None:
    real = project(test=TEST)

    def played_by(strategy: str, *accuracies: float) -> Comparison:
        other = replaced(real, strategy=Choice(name=strategy))
        return Comparison("x", real, other, 6, curve(0.5), [curve(each) for each in accuracies])

    first = kept("no json", played_by("random-sampling", 0.1))
    both = json.loads(kept(first, played_by("breaking-ties", 0.5)))
    again = json.loads(kept(json.dumps(both), played_by("random-sampling", 0.2, 0.4)))

    assert set(both) == set(again) == {"random-sampling", "breaking-ties"}
    assert again["random-sampling"]["runs"] == 2
    assert again["random-sampling"]["points"] == [
        {"labels": 3, "accuracy": pytest.approx(0.3), "low": 0.2, "high": 0.4}
    ]


def test_without_a_test_set_or_a_choice_nothing_is_played() -> None:
    with raises_naming(UserError, "mail", "--test"):
        played(project(), LABELS, 0)
    with raises_naming(UserError, "mail", 6):
        played(project(test=TEST), dict(list(LABELS.items())[:6]), 0)


def test_batches_that_nobody_recorded_a_choice_for_wait_for_their_models() -> None:
    growing, fixed = (loops.project(lookahead=each, max_batches=7) for each in ("auto", 1))
    recorded = {
        batch: LookaheadChosen(batch=batch, model=model, waiting=2, expected=9.5)
        for batch, model in (("3", "0"), ("4", "3"))
    }

    chosen = {choice.batch: choice.model for choice in choices(growing, recorded)}

    assert chosen == {"2": "0", "3": "0", "4": "3", "5": "3", "6": "4"}
    assert not list(choices(fixed, {}))


def test_runs_are_told_by_their_mean_lowest_and_highest() -> None:
    real = project(test=TEST)
    other = replaced(real, strategy=Choice(name="random-sampling"))
    compared = Comparison(
        "breaking-ties", real, other, 9, curve(0.3, 0.5, 0.9), [curve(0.2, 0.4, 0.9), curve(0.4, 0.4)]
    )

    spreads = compared.spreads()
    assert list(spreads) == [3, 6, 9]
    assert spreads[3] == pytest.approx((0.2, 0.3, 0.4))
    assert spreads[9] == (0.9, 0.9, 0.9)
    text = what_if_text(compared)
    assert text.splitlines()[1].split() == ["3", "0.300", "0.300", "(0.200", "…", "0.400)"]
    assert names(text, 9)
    assert compared.as_dict()["played"]["strategy"] == "random-sampling"


def test_it_is_told_what_else_than_the_strategy_differs() -> None:
    learned = (all_answered("0"), trained("0", {"0": 0}))
    state = state_of(project(test=TEST), queried("0"), *learned)
    alike = replaced(state.project, strategy=Choice(name="random-sampling"), **SIMULATED)
    other = replaced(alike, classifier=Choice(name="transformer", parameters={"epochs": 5}))

    assert differences(state, alike) == ()
    (found,) = differences(state, other)
    assert (found.setting, found.recorded) == ("classifier", "linear")
    assert names(found.simulated, "transformer", "epochs=5")

    compared = Comparison("breaking-ties", state.project, other, 9, curve(0.3), [curve(0.2)], (found,))
    assert names(what_if_text(compared), "classifier", "linear", "transformer", "--classifier")
    assert compared.as_dict()["differences"] == {
        "classifier": {"recorded": "linear", "simulated": found.simulated}
    }
    held_equal = Comparison("breaking-ties", state.project, alike, 9, curve(0.3), [curve(0.2)])
    assert not names(what_if_text(held_equal), "classifier")


def test_settings_that_a_simulation_cannot_repeat_are_told() -> None:
    changed = ProjectChanged(request="1", who="ann", from_batch=1, settings=Settings(batch_size=5))
    state = state_of(
        project(test=TEST, audit_share=0.25, cold_start="balanced"),
        queried("0"),
        changed,
        queried("1", range(3, 8)),
    )

    found = {each.setting: each for each in differences(state, replaced(for_next(state), **SIMULATED))}

    assert found.keys() == {"batch size", "audit share", "first texts"}
    assert names(found["batch size"].recorded, 3, 5)
    assert names(found["batch size"].simulated, 5)


class Learner:
    """Stands in for the worker: it picks the first texts that it may pick."""

    def __init__(self) -> None:
        self.picked: list[int] = []
        self.pools: list[Files] = []

    async def run(self, request: Any) -> Any:
        if isinstance(request, TrainRequest):
            self.pools.append(request.pool)
            return TrainResult("sha", request.into / "sha", {}, 1.0, "cpu", 1, {})
        if isinstance(request, QueryRequest):
            asked = {*request.taken, *(item for item, _ in request.labelled)}
            free = [item for item in range(18) if item not in asked]
            self.picked += free[: request.n]
            return QueryResult(tuple(Pick(item, None, "spam", 1.0) for item in free[: request.n]), 1.0, "cpu")
        return EvaluateResult(0.5, 0.5, {}, [], 4, 1.0)


async def test_of_a_pool_that_grew_all_labelled_texts_are_asked(tmp_path: Path) -> None:
    loop = loops.Loop(loops.project(pool=9, max_batches=None, test=TEST), loops.mixed)
    loop.finish()
    loop.grow("g", size=9)
    loop.finish()
    labels = current(loop.state)
    learner: Any = Learner()

    real = loop.state
    simulated = SimulatedLoop(learner, FolderStore(tmp_path), 1, real, tmp_path)
    points = [point async for point in simulated.run(played(for_next(real), labels, seed=0))]

    assert max(labels) >= 9
    assert points[-1].labels == len(labels)
    assert max(learner.picked) >= 9
    assert learner.pools[0] == (tmp_path / "pools/1", tmp_path / "pools/g")
