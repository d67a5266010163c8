"""Multi-label tasks: what is trained, scored, picked and measured, and what it is the same as."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import pipeline

from labelloop.learner import thresholds
from labelloop.learner.querying import learner
from labelloop.learner.requests import (
    CheckRequest,
    ClassifierSpec,
    Pick,
    QueryRequest,
    ScoreRequest,
    TrainRequest,
    TrainResult,
    TryRequest,
)
from labelloop.learner.strategies.registry import known_strategies
from labelloop.learner.worker import Worker
from labelloop.pool.near_copies import near_copies
from labelloop.pool.snapshot import OpenSnapshot, Row, write
from labelloop.store.artifacts import verify
from labelloop.store.task_failures import TaskFailed
from tests.support.many_labels import LABELS, OTHERS, SIZE, ManyLabels, examples, labels_of, text_of
from tests.support.matrices import cells
from tests.support.messages import raises_naming
from tests.support.tiny_bert import tiny_bert

CLASSIFIERS = ("transformer", "linear")
BARRED = {*range(24), 30, 31, 32}
SMALL = {"prob-cover": {"k": 10}}


class Trained:
    """A model of each classifier, trained for the first test that asks for it."""

    def __init__(self, many: ManyLabels, worker: Worker) -> None:
        self.many = many
        self._worker = worker
        self._models: dict[str, tuple[TrainRequest, TrainResult]] = {}

    async def model(self, classifier: str) -> tuple[TrainRequest, TrainResult]:
        """The training and its result."""
        if classifier not in self._models:
            training = self.many.training(classifier)
            self._models[classifier] = training, await self._worker.run(training)
        return self._models[classifier]

    async def query(self, classifier: str, strategy: str) -> QueryRequest:
        """What asks the classifier's model for picks."""
        return self.many.query(*await self.model(classifier), strategy)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny: Path, worker: Worker) -> Trained:
    return Trained(ManyLabels.at(tmp_path_factory.mktemp("many"), tiny), worker)


async def seen(worker: Worker, query: QueryRequest) -> dict[int, Pick]:
    """What the model says of each text."""
    picks = (await worker.run(replace(query, n=0, also=tuple(range(SIZE))))).also
    return {pick.item: pick for pick in picks}


@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_the_same_request_gives_the_same_bytes(
    worker: Worker, trained: Trained, tmp_path: Path, classifier: str
) -> None:
    request, first = await trained.model(classifier)

    second = await worker.run(replace(request, into=tmp_path, examples=request.examples[::-1]))

    assert first.sha256 == second.sha256
    verify(second.folder, first.sha256)


@pytest.mark.parametrize("averages", cells(True, rest=[False]))
@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_a_pipeline_says_of_each_label_what_the_loop_saw(
    worker: Worker, trained: Trained, tmp_path: Path, classifier: str, averages: bool
) -> None:
    request, result = await trained.model(classifier)
    if not averages:
        own = str(tiny_bert(tmp_path / "own-head", averages=False))
        request = replace(request, classifier=replace(request.classifier, model=own), into=tmp_path)
        result = await worker.run(request)

    picks = await seen(worker, trained.many.query(request, result, "random-sampling"))

    said: Any = pipeline("text-classification", str(result.folder), top_k=None)(
        [text_of(item) for item in range(SIZE)]
    )
    least = thresholds.read(result.folder, LABELS)
    for item, answers in enumerate(said):
        scores = {answer["label"]: answer["score"] for answer in answers}
        assert scores.keys() == set(LABELS)
        for label, probability in picks[item].labels:
            assert scores[label] == pytest.approx(probability, abs=1e-5)
        counting = {
            label for label, threshold in zip(LABELS, least, strict=True) if scores[label] >= threshold
        }
        assert {label for label, _ in picks[item].labels} == counting
        assert picks[item].probability == pytest.approx(max(scores.values()), abs=1e-5)
    assert any(sum(answer["score"] for answer in answers) > 1.2 for answers in said)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_a_folder_says_of_which_task_it_is(trained: Trained, classifier: str) -> None:
    _, result = await trained.model(classifier)

    config = json.loads((result.folder / "config.json").read_text())
    assert config["problem_type"] == "multi_label_classification"
    assert config["id2label"] == {str(number): label for number, label in enumerate(LABELS)}
    assert json.loads((result.folder / "labelloop.json").read_text())["task"] == "multi-label"
    assert {path.suffix for path in result.folder.iterdir()} == {".json", ".safetensors"}


@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_labels_are_predicted_most_probable_first(
    worker: Worker, trained: Trained, classifier: str
) -> None:
    picks = await seen(worker, await trained.query(classifier, "random-sampling"))

    assert max(len(pick.labels) for pick in picks.values()) > 1
    for pick in picks.values():
        shares = [share for _, share in pick.labels]
        assert shares == sorted(shares, reverse=True)
        assert not pick.labels or pick.labels[0] == (pick.label, pick.probability)


async def test_a_model_that_learned_the_labels_is_right(worker: Worker, trained: Trained) -> None:
    request = trained.many.training()
    request = replace(
        request,
        classifier=replace(request.classifier, parameters={"c": 100}),
        examples=examples(*range(48)),
    )

    result = await worker.run(trained.many.evaluation(request, await worker.run(request)))

    assert result.micro_f1 is not None
    assert result.micro_f1 > 0.7


async def test_every_figure_follows_from_the_predictions(worker: Worker, trained: Trained) -> None:
    training, model = await trained.model("linear")
    picks = await seen(worker, await trained.query("linear", "random-sampling"))

    result = await worker.run(trained.many.evaluation(training, model))

    predicted = {item: {label for label, _ in pick.labels} for item, pick in picks.items()}
    gold = {item: set(labels_of(item)) for item in picks}
    hits = sum(len(predicted[item] & gold[item]) for item in picks)
    given = sum(len(predicted[item]) + len(gold[item]) for item in picks)
    assert result.accuracy == sum(predicted[item] == gold[item] for item in picks) / SIZE
    assert result.micro_f1 == pytest.approx(2 * hits / given)
    assert result.macro_f1 == pytest.approx(np.mean([result.per_class[label]["f1"] for label in LABELS]))
    assert [result.per_class[label]["support"] for label in LABELS] == [SIZE / 2] * len(LABELS)
    assert (result.confusion, result.size) == ([], SIZE)


async def test_a_label_that_never_occurs_does_not_count_for_the_macro_f1(
    worker: Worker, trained: Trained
) -> None:
    request = replace(trained.many.training(), labels=(*LABELS, "NEVER"))
    model = await worker.run(request)

    result = await worker.run(trained.many.evaluation(request, model))

    assert result.macro_f1 == pytest.approx(np.mean([result.per_class[label]["f1"] for label in LABELS]))
    assert result.per_class["NEVER"]["support"] == 0


@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_a_label_that_all_texts_have_or_none_is_learned_as_such(
    worker: Worker, trained: Trained, classifier: str
) -> None:
    labels = ("ALL", *LABELS, "NONE")
    known = tuple((item, ("ALL", *names)) for item, names in examples(*range(24)))
    request = replace(trained.many.training(classifier), labels=labels, examples=known)

    picks = await seen(worker, trained.many.query(request, await worker.run(request), "random-sampling"))

    for pick in picks.values():
        names = [label for label, _ in pick.labels]
        assert "ALL" in names
        assert "NONE" not in names


@pytest.mark.parametrize(
    "known",
    [(), ((1, ()),), ((1, ("HUM",)), (2, ("HUM",))), ((1, ()), (2, ()))],
    ids=["nothing", "one text", "the same labels", "no labels"],
)
async def test_texts_that_tell_nothing_apart_are_refused(
    worker: Worker, trained: Trained, known: Any
) -> None:
    with raises_naming(TaskFailed, "bad-input", "no label", "label more texts"):
        await worker.run(replace(trained.many.training(), examples=known))


async def test_one_label_with_a_yes_and_a_no_is_enough(worker: Worker, trained: Trained) -> None:
    request = replace(trained.many.training(), examples=((0, ()), (1, ("HUM",))))

    picks = await seen(worker, trained.many.query(request, await worker.run(request), "random-sampling"))

    assert {label for pick in picks.values() for label, _ in pick.labels} == {"HUM"}


async def test_a_label_that_the_project_does_not_know_is_refused(worker: Worker, trained: Trained) -> None:
    with raises_naming(TaskFailed, "'ANIMAL'"):
        await worker.run(replace(trained.many.training(), examples=((0, ()), (1, ("HUM", "ANIMAL")))))


@pytest.mark.parametrize("strategy", known_strategies("multi-label"))
@pytest.mark.parametrize("classifier", cells("linear", rest=["transformer"]))
async def test_a_strategy_picks_texts_that_are_free(
    worker: Worker, trained: Trained, strategy: str, classifier: str
) -> None:
    query = await trained.query(classifier, strategy)
    request = replace(query, strategy_parameters=SMALL.get(strategy, {}))

    result = await worker.run(request)

    items = [pick.item for pick in result.picks]
    assert len(set(items)) == 5
    assert not BARRED & set(items)
    scores = [pick.score for pick in result.picks if pick.score is not None]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == (5 if strategy.startswith(("category", "label-card", "adaptive")) else 0)
    assert (await worker.run(request)).picks == result.picks


@pytest.mark.parametrize("strategy", known_strategies("multi-label"))
async def test_all_texts_that_are_left_can_be_picked(worker: Worker, trained: Trained, strategy: str) -> None:
    query = await trained.query("linear", strategy)
    request = replace(query, n=SIZE, strategy_parameters=SMALL.get(strategy, {}))

    picks = (await worker.run(request)).picks

    assert {pick.item for pick in picks} == set(range(SIZE)) - BARRED


async def test_a_strategy_for_one_label_a_text_is_refused(worker: Worker, trained: Trained) -> None:
    with raises_naming(TaskFailed, "bad-input", "BreakingTies", "single-label", "multi-label"):
        await worker.run(await trained.query("linear", "breaking-ties"))


async def test_a_batch_has_no_near_copies(worker: Worker, trained: Trained, tmp_path: Path) -> None:
    """Each text of the pool is there eight times, with other numbers."""
    kinds = [text_of(item) for item in range(24)]
    rows = [Row(f"{kind} {copy}", None, 0) for copy in range(8) for kind in kinds]
    pool = tmp_path / write(tmp_path, rows).name
    request = replace(trained.many.training(), pool=pool, into=tmp_path)
    query = trained.many.query(request, await worker.run(request), "distinct-labels", n=12)

    picks = (await worker.run(replace(query, pool=pool))).picks

    assert len(picks) == 12
    assert not near_copies(OpenSnapshot.open(pool).texts([pick.item for pick in picks]))


@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_of_a_large_pool_the_model_scores_a_shortlist(
    worker: Worker, trained: Trained, classifier: str
) -> None:
    query = await trained.query(classifier, "distinct-labels")
    request = replace(query, n=2, strategy_parameters={"shortlist": 8})

    result = await worker.run(request)

    assert result.shortlist is not None
    assert (result.shortlist.doubtful, result.shortlist.drawn) == (6, 2)
    assert not BARRED & {pick.item for pick in result.picks}
    assert (await worker.run(request)).shortlist == result.shortlist


async def test_what_a_model_predicts_for_the_stopping_set_is_a_number_of_bits(
    worker: Worker, trained: Trained
) -> None:
    training, model = await trained.model("linear")
    picks = await seen(worker, await trained.query("linear", "random-sampling"))
    numbers = tuple(sum(1 << LABELS.index(label) for label, _ in picks[item].labels) for item in range(SIZE))
    request = CheckRequest(
        pool=training.pool,
        classifier=training.classifier,
        labels=LABELS,
        model_folder=model.folder,
        model_sha256=model.sha256,
        criterion="classification-change",
        parameters={"threshold": 0.1},
        number=2,
        items=tuple(range(SIZE)),
        learned=(),
        before=(numbers[:4] and (numbers[0] ^ 4, numbers[1] ^ 1, *numbers[2:]),),
        threads=1,
        cache=training.cache,
    )

    result = await worker.run(request)

    assert result.predicted == numbers
    assert result.value == 2 / SIZE
    assert result.stop
    strict = await worker.run(replace(request, parameters={}))
    assert not strict.stop
    first = await worker.run(replace(request, before=(), number=1))
    assert (first.value, first.stop) == (None, False)


async def test_all_texts_of_a_file_are_scored_for_each_label(
    worker: Worker, trained: Trained, tmp_path: Path
) -> None:
    training, model = await trained.model("transformer")
    picks = await seen(worker, await trained.query("transformer", "random-sampling"))
    request = ScoreRequest(
        texts=training.pool,
        classifier=training.classifier,
        labels=LABELS,
        model_folder=model.folder,
        model_sha256=model.sha256,
        into=tmp_path,
        threads=1,
    )

    assert await worker.run(request) == 1

    scores = np.load(request.file_of(0))
    assert scores.shape == (SIZE, len(LABELS))
    for item, pick in picks.items():
        for label, probability in pick.labels:
            assert scores[item, LABELS.index(label)] == pytest.approx(probability, abs=1e-5)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("texts", [OTHERS, OTHERS[:1]])
async def test_a_model_that_works_is_tried_on_few_texts(
    worker: Worker, trained: Trained, classifier: str, texts: tuple[str, ...]
) -> None:
    spec = ClassifierSpec(classifier, {}, str(trained.many.model), None, multi_label=True)

    assert (await worker.run(TryRequest(spec, LABELS, texts, 1))).unknown is not None


async def test_a_small_text_learner_is_rebuilt_with_a_label_matrix(trained: Trained) -> None:
    rebuilt = learner(await trained.query("linear", "distinct-labels"))

    assert rebuilt.multi_label
    assert rebuilt.y.toarray().tolist() == [
        [int(label in labels_of(item)) for label in LABELS] for item in range(24)
    ]
    assert len(rebuilt.query(num_samples=3)) == 3
