"""What each model says of texts is in the store and in the log, also if the evaluator is killed."""

import asyncio
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.learner.worker import Worker
from labelloop.loop.figures import predictions
from labelloop.loop.state import LoopState
from labelloop.projects.predictions.recorded import open_predictions
from labelloop.store import open_store
from labelloop.store.artifacts import file_digest
from schemas.events import EventData, PoolGrown, PredictionsRecorded
from schemas.parts import MULTI_LABEL, AnnotatedItem
from services.evaluator.due import next_recording
from services.evaluator.recording import recorded
from tests.support.damage import change_byte
from tests.support.loop import ServiceLoop, texts
from tests.support.matrices import cells
from tests.support.messages import names
from tests.support.states import LABELS, all_answered, annotated, of_several, queried

LEARNING = ("trainer", "evaluator")
LOGS = ("sqlite", "kafka")
SMALL, LARGE = 60, 6000


@pytest.fixture(params=LOGS)
def loop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServiceLoop]:
    """Without people: the tests themselves say what was asked and answered."""
    log = None
    if request.param == "kafka":
        log = f"kafka://{request.getfixturevalue('kafka')}/predictions-{secrets.token_hex(4)}"
    with closing(ServiceLoop(tmp_path, log, argilla_url="http://127.0.0.1:9", argilla_key="none")) as loop:
        yield loop


on_sqlite = pytest.mark.parametrize("loop", ["sqlite"], indirect=True)
first_on_sqlite = pytest.mark.parametrize("loop", cells("sqlite", rest=["kafka"]), indirect=True)


def batch(number: int, size: int = 12) -> tuple[EventData, ...]:
    """A batch of that number, asked and answered."""
    items = range(number * size, (number + 1) * size)
    return queried(str(number), items), all_answered(str(number), items)


def begun(loop: ServiceLoop, pool: int = SMALL, test: int = 9) -> str:
    """A project whose first batch is answered."""
    project = loop.create(texts(pool), test=texts(test), batch_size=12)
    loop.append(project, *batch(0))
    return project


def has_said(loop: ServiceLoop, project: str, *models: str) -> LoopState:
    return loop.wait(project, lambda state: all(model in predictions(state) for model in models))


def stored(loop: ServiceLoop, project: str) -> Sequence[Path]:
    return sorted((loop.home / "store" / project / "predictions").iterdir())


@first_on_sqlite
def test_each_model_says_what_it_is_measured_by_and_the_same_texts_of_the_pool(loop: ServiceLoop) -> None:
    loop.start(*LEARNING)
    project = begun(loop)
    has_said(loop, project, "0")
    loop.append(project, *batch(1))

    state = has_said(loop, project, "0", "1")

    store = open_store(loop.settings.store)
    said = {model: open_predictions(state, store, model) for model in ("0", "1")}
    for model, each in said.items():
        told = predictions(state)[model]
        assert (told.attempt, told.tested, told.drawn) == (0, 9, SMALL)
        assert each.pool.items.tolist() == list(range(SMALL))
        assert each.test.is_right.mean() == pytest.approx(state.evaluations[model].accuracy)
        assert each.labels == LABELS
        file = loop.home / "store" / told.uri
        assert file_digest(file) == told.sha256 == file.stem
    assert {file.stem for file in stored(loop, project)} == {e.sha256 for e in predictions(state).values()}
    assert len(loop.payloads(project, "PredictionsRecorded")) == 2
    assert not state.failures
    causes = {event.cause for event in loop.events if event.name == "PredictionsRecorded"}
    assert causes == {trained.ids[-1] for trained in state.models.values()}
    cache = loop.home / "store" / project / "cache"
    assert not list(cache.glob("*.parquet"))
    assert len(list((cache / "tested").iterdir())) <= 2


@first_on_sqlite
def test_killed_in_the_middle_it_is_done_again_and_said_once(loop: ServiceLoop) -> None:
    project = begun(loop, LARGE)
    loop.start(*LEARNING)

    loop.until(lambda: "record predictions" in str(loop.status_file("evaluator").get("doing")))
    loop.kill("evaluator")
    before = loop.payloads(project, "PredictionsRecorded")
    loop.start("evaluator")

    state = has_said(loop, project, "0")
    assert before == [], "it was killed in the middle"
    (told,) = loop.payloads(project, "PredictionsRecorded")
    assert (told.tested, told.drawn) == (9, 2000)
    assert len(open_predictions(state, open_store(loop.settings.store), "0").pool) == 2000
    assert [file.stem for file in stored(loop, project)] == [told.sha256]
    assert len(state.evaluations) == 1
    assert not state.failures


def says(loop: ServiceLoop, state: LoopState) -> PredictionsRecorded:
    """What the service would append, done by a process that ends before it does."""
    work = next_recording(state, 5)
    assert work is not None
    with closing(Worker(1, "test")) as worker:
        return asyncio.run(recorded(worker, open_store(loop.settings.store), 1, state, work))


@on_sqlite
def test_what_was_written_before_a_kill_is_the_same_file_afterwards(loop: ServiceLoop) -> None:
    project = begun(loop)
    loop.start("trainer")
    written = says(loop, loop.wait(project, lambda state: "0" in state.models))

    loop.start("evaluator")

    told = predictions(has_said(loop, project, "0"))["0"]
    assert {**dict(told), "seconds": 0} == {**dict(written), "seconds": 0}
    assert [file.stem for file in stored(loop, project)] == [told.sha256]


@on_sqlite
def test_a_project_of_before_has_them_from_its_newest_model_on(loop: ServiceLoop) -> None:
    project = begun(loop)
    loop.start("trainer")
    loop.wait(project, lambda state: "0" in state.models)
    loop.append(project, *batch(1))
    loop.wait(project, lambda state: "1" in state.models)

    loop.start("evaluator")

    assert list(predictions(has_said(loop, project, "1"))) == ["1"]
    loop.append(project, *batch(2))
    state = has_said(loop, project, "2")
    assert list(predictions(state)) == ["1", "2"]
    assert len(state.evaluations) == 3


@on_sqlite
def test_for_this_alone_no_model_is_trained_again(loop: ServiceLoop) -> None:
    project = loop.create(texts(SMALL), batch_size=12)
    loop.append(project, *batch(0))
    loop.start("trainer")
    state = loop.wait(project, lambda state: "0" in state.models)
    shutil.rmtree(open_store(loop.settings.store).model(state.models["0"].latest))

    loop.start("evaluator")

    loop.until(lambda: names(loop.log_of("evaluator"), "model 0 are not recorded"))
    loop.append(project, *batch(1))
    state = has_said(loop, project, "1")
    assert list(predictions(state)) == ["1"]
    assert not loop.payloads(project, "ModelLost")
    assert not state.failures


@on_sqlite
def test_of_a_pool_that_grew_a_model_says_what_it_is_trained_for(loop: ServiceLoop) -> None:
    loop.start(*LEARNING)
    project = begun(loop)
    state = has_said(loop, project, "0")
    more = loop.snapshot(project, [(f"further {text}", label) for text, label in texts(30)])
    loop.append(project, PoolGrown(snapshot=more, after=state.project.pool.digest, from_batch=1, who="ada"))
    loop.append(project, *batch(1))

    state = has_said(loop, project, "1")

    assert [told.drawn for told in predictions(state).values()] == [SMALL, SMALL + 30]
    assert predictions(state)["1"].pool_version == more.digest


@on_sqlite
def test_of_several_labels_each_text_has_those_that_the_model_predicts(loop: ServiceLoop) -> None:
    rows = [(text, (label,)) for text, label in texts(SMALL)]
    project = loop.create(rows, test=rows[:9], batch_size=12, task=MULTI_LABEL)  # type: ignore[arg-type]
    answers: list[AnnotatedItem] = [of_several(item, LABELS[item % 3]) for item in range(10)]
    answers += [of_several(10), of_several(11, *LABELS)]
    loop.append(project, queried("0", range(12)), annotated(*answers))
    loop.start(*LEARNING)

    state = has_said(loop, project, "0")

    found = open_predictions(state, open_store(loop.settings.store), "0")
    assert found.several
    assert found.test.is_right.mean() == pytest.approx(state.evaluations["0"].accuracy)


@on_sqlite
def test_a_file_that_is_gone_or_damaged_is_told_and_others_are_named(loop: ServiceLoop) -> None:
    loop.start(*LEARNING)
    project = begun(loop)
    has_said(loop, project, "0")
    loop.append(project, *batch(1))
    state = has_said(loop, project, "1")
    store = open_store(loop.settings.store)

    def refusal(model: str) -> str:
        with pytest.raises(UserError) as refused:
            open_predictions(state, store, model)
        return str(refused.value)

    change_byte(loop.home / "store" / predictions(state)["0"].uri, -1)
    assert names(refusal("0"), "model 0", "damaged", "choose from 1")
    (loop.home / "store" / predictions(state)["0"].uri).unlink()
    assert names(refusal("0"), "model 0", "gone", "choose from 1")
    assert names(refusal("7"), "'7'", "0, 1")
