"""With the log and the pool alone, on an empty machine: the state is back, and the loop goes on."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from labelloop.learner.classifiers.parameters import SELDOM, LinearParameters
from labelloop.loop.digest import loop_digest
from labelloop.loop.labels import current
from labelloop.loop.schedule import finished
from labelloop.loop.state import Batch, LoopState
from labelloop.store import open_store
from tests.support.argilla_server import ArgillaServer
from tests.support.command import labelloop
from tests.support.demo import BATCHES, KEPT, SIZE, Undisturbed
from tests.support.loop import Loop, a_loop
from tests.support.messages import names
from tests.support.people import Owner, Person
from tests.support.simulated import simulated_annotators

pytestmark = [pytest.mark.timeout(600), pytest.mark.all_cells]

SERVICES = ("querier", "annotation_watcher", "trainer")
FORKED = 2


@dataclass(frozen=True)
class Stranger:
    """A machine that got the log and the pool: the project as it was, and what became of it and of a fork."""

    loop: Loop
    log: tuple[object, ...]
    before: LoopState
    after: LoopState
    forked: LoopState


@pytest.fixture(scope="module")
def stranger(
    tmp_path_factory: pytest.TempPathFactory, undisturbed: Undisturbed, argilla_server: ArgillaServer
) -> Iterator[Stranger]:
    """The demo's project goes on for one batch by another strategy; a fork of it goes another way."""
    home = tmp_path_factory.mktemp("stranger")
    project = take_log_and_pool(undisturbed.demo.folder / KEPT, home)
    with a_loop(home, argilla_server) as loop:
        log = ("--log", loop.settings.log, "--store", loop.settings.store)
        before = loop.state(project)
        settings = ("--strategy", "prediction-entropy", "--classifier-parameter", "c=0.5")
        done("change", project, "--batches", BATCHES + 1, *settings, *log)
        going = ("--batch", FORKED - 1, "--batches", FORKED + 2, "--batch-size", 4, "--seed", 7)
        said = done("fork", project, "--as", "another", *going, *log)
        fork = said.split()[1]
        loop.start(*SERVICES, LABELLOOP_CACHE=str(home / "cache"))
        pool = open_store(loop.settings.store).snapshot(before.project.pool)
        with ExitStack() as at_work:
            for each in (project, fork):
                keys = [Person(argilla_server).key]
                at_work.enter_context(simulated_annotators(loop, each, pool, keys))
            after, forked = loop.wait(project, finished), loop.wait(fork, finished)
        yield Stranger(loop, log, before, after, forked)


def take_log_and_pool(home: Path, to: Path) -> str:
    """Nothing else comes along: no model, no cache, no Argilla. The project's id."""
    (project,) = (path.name for path in (home / "store").iterdir())
    shutil.copy(home / "log.sqlite", to)
    for name in ("pool", "test"):
        shutil.copytree(home / "store" / project / name, to / "store" / project / name)
    return project


def done(*arguments: object) -> str:
    result = labelloop(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def answers(batch: Batch) -> dict[tuple[int, str], tuple[str, str]]:
    return {
        (answer.item, vote.username): (vote.status, *vote.labels)  # type: ignore[misc]
        for answer in batch.answers
        for vote in answer.votes
    }


def test_the_state_is_back_with_every_label(stranger: Stranger, undisturbed: Undisturbed) -> None:
    assert loop_digest(stranger.before) == undisturbed.ended.facts["digest"]
    assert len(current(stranger.before)) == BATCHES * SIZE
    assert dict(current(stranger.after)).items() >= dict(current(stranger.before)).items()


def test_a_model_that_is_needed_is_trained_again_and_goes_on_picking(stranger: Stranger) -> None:
    picker = str(BATCHES - 2)
    batch = stranger.after.batches[str(BATCHES)]

    again = stranger.after.models[picker]
    assert [attempt.attempt for attempt in again.attempts] == [0, 1]
    assert again.attempts[0].digest == again.attempts[1].digest
    assert (batch.queried.model, batch.queried.attempt) == (picker, 1)
    assert batch.queried.strategy == "prediction-entropy"
    assert batch.done
    untouched = [name for name in stranger.before.models if name != picker]
    assert all(len(stranger.after.models[name].attempts) == 1 for name in untouched)


def test_the_models_from_the_changed_batch_on_are_of_the_new_kind(stranger: Stranger) -> None:
    store = open_store(stranger.loop.settings.store)
    models = {name: trained.latest for name, trained in stranger.after.models.items()}
    cards = {
        name: json.loads((folder / "labelloop.json").read_text(encoding="utf-8"))
        for name, model in models.items()
        if (folder := store.find_model(model))
    }

    changed = {name: card["parameters"] for name, card in cards.items()}
    recipe = {name: value for name, value in asdict(LinearParameters()).items() if name not in SELDOM}
    assert changed == {str(BATCHES - 2): recipe, str(BATCHES): recipe | {"c": 0.5}}, "others are not there"


def test_records_and_responses_are_in_the_new_argilla(stranger: Stranger) -> None:
    for state in (stranger.after, stranger.forked):
        owner = Owner(stranger.loop.argilla, state.project_id)
        for batch in state.batches.values():
            assert owner.answers(int(batch.name)) == answers(batch)


def test_the_fork_begins_with_the_labels_and_goes_its_own_way(stranger: Stranger) -> None:
    other, fork = stranger.before, stranger.forked
    given = [name for name in fork.batches if int(name) < FORKED]

    assert [fork.batches[name].items for name in given] == [other.batches[name].items for name in given]
    assert [answers(fork.batches[name]) for name in given] == [answers(other.batches[name]) for name in given]
    assert [fork.batches[str(number)].queried.model for number in range(FORKED + 2)] == [None, None, "1", "1"]
    assert [len(fork.batches[str(number)].items) for number in (FORKED, FORKED + 1)] == [4, 4]
    assert fork.batches["2"].items != other.batches["2"].items
    assert next(iter(fork.models)) == "1"
    items = fork.batches["0"].items | fork.batches["1"].items
    assert {item: current(fork)[item] for item in items} == {item: current(other)[item] for item in items}


def test_both_histories_are_whole(stranger: Stranger) -> None:
    for state in (stranger.after, stranger.forked):
        said = done("replay", "--verify", "--project", state.project_id, *stranger.log)
        assert names(said.splitlines()[-1], loop_digest(state))
