"""Base models of several families, and ones that misfit: both classifiers learn from each."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AlbertConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    DistilBertConfig,
    ElectraConfig,
    GPT2Config,
    LongformerConfig,
    PreTrainedConfig,
    RobertaConfig,
    T5Config,
    pipeline,
)

from labelloop.learner.requests import ClassifierSpec, FirstTextsRequest, TrainResult
from labelloop.learner.thresholds import USUAL, read
from labelloop.learner.worker import Worker
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store.task_failures import TaskFailed
from tests.integration.learner.conftest import LABELS, Bench
from tests.support import many_labels
from tests.support.many_labels import ManyLabels
from tests.support.matrices import cells
from tests.support.messages import raises_naming

CLASSIFIERS = ("transformer", "linear")
PLAIN: Any = AutoModel
CLASSIFYING: Any = AutoModelForSequenceClassification
TOKENIZER: Any = AutoTokenizer
SMALL: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "embedding_size": 16,
}
FAMILIES: dict[str, Callable[..., PreTrainedConfig]] = {
    "gpt2": lambda **sizes: GPT2Config(n_embd=16, n_layer=2, n_head=2, **sizes),
    "roberta": lambda **sizes: RobertaConfig(**SMALL, **sizes),
    "distilbert": lambda **sizes: DistilBertConfig(dim=16, n_layers=2, n_heads=2, hidden_dim=32, **sizes),
    "electra": lambda **sizes: ElectraConfig(**SMALL, **sizes),
    "albert": lambda **sizes: AlbertConfig(**SMALL, **sizes),
    "longformer": lambda **sizes: LongformerConfig(**SMALL, attention_window=8, **sizes),
    "t5": lambda **sizes: T5Config(d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, **sizes),
}


@pytest.fixture
def family(bench: Bench, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A model of that family with the bench's tokenizer, which has no padding token in gpt2."""
    torch.manual_seed(0)
    tokenizer = TOKENIZER.from_pretrained(bench.model)
    config = FAMILIES[request.param](vocab_size=len(tokenizer), max_position_embeddings=40)
    config.pad_token_id = None if request.param == "gpt2" else tokenizer.pad_token_id
    if request.param == "gpt2":
        tokenizer.pad_token, tokenizer.eos_token = None, "[SEP]"
    return saved(PLAIN.from_config(config), tokenizer, tmp_path / "base")


def saved(model: Any, tokenizer: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


async def trained(worker: Worker, bench: Bench, base: Path, classifier: str) -> TrainResult:
    parameters = bench.spec(classifier).parameters
    spec = ClassifierSpec(classifier, parameters, str(base), None)
    return await worker.run(replace(bench.training(classifier), classifier=spec))


def predicted(bench: Bench, folder: Path) -> list[dict[str, Any]]:
    classify: Any = pipeline("text-classification", str(folder))
    answers: list[dict[str, Any]] = classify(list(OpenSnapshot.open(bench.pool).texts([0, 1, 2, 20])))
    return answers


@pytest.mark.parametrize(
    "family", cells("gpt2", rest=["roberta", "distilbert", "electra", "albert"]), indirect=True
)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_each_classifier_learns_from_each_family(
    worker: Worker, bench: Bench, family: Path, classifier: str
) -> None:
    result = await trained(worker, bench, family, classifier)

    training = replace(
        bench.training(classifier),
        classifier=ClassifierSpec(classifier, bench.spec(classifier).parameters, str(family), None),
    )
    query = replace(bench.query(training, result, "prediction-entropy"), also=(0, 1, 2, 20))
    picks = (await worker.run(query)).also
    plain = predicted(bench, result.folder)
    assert [pick.label for pick in picks] == [answer["label"] for answer in plain]
    assert [pick.probability for pick in picks] == pytest.approx(
        [answer["score"] for answer in plain], abs=1e-4
    )
    assert (await trained(worker, bench, family, classifier)).sha256 == result.sha256


@pytest.mark.parametrize(
    "family", cells("gpt2", rest=["roberta", "distilbert", "electra", "albert"]), indirect=True
)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_each_classifier_learns_many_labels_from_each_family(
    worker: Worker, tmp_path: Path, family: Path, classifier: str
) -> None:
    many = ManyLabels.at(tmp_path, family)
    training = many.training(classifier)

    result = await worker.run(training)

    query = replace(many.query(training, result, "distinct-labels"), also=(0, 1, 2, 20))
    picks = (await worker.run(query)).also
    classify: Any = pipeline("text-classification", str(result.folder), top_k=None)
    plain = classify(OpenSnapshot.open(many.pool).texts([0, 1, 2, 20]))
    assert [pick.label for pick in picks] == [answers[0]["label"] for answers in plain]
    assert [pick.probability for pick in picks] == pytest.approx(
        [answers[0]["score"] for answers in plain], abs=1e-4
    )
    assert set(read(result.folder, many_labels.LABELS)) != {USUAL}


@pytest.mark.parametrize(
    "family",
    cells("gpt2", "t5", rest=["roberta", "distilbert", "electra", "albert", "longformer"]),
    indirect=True,
)
async def test_each_family_chooses_first_texts(worker: Worker, bench: Bench, family: Path) -> None:
    request = FirstTextsRequest(
        pool=bench.pool,
        classifier=replace(bench.spec(), model=str(family)),
        taken=(),
        n=4,
        clusters=8,
        seed=5,
        threads=1,
        cache=bench.folder / "cache",
    )

    assert len(set((await worker.run(request)).items)) == 4


@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_a_head_of_another_size_is_replaced(
    worker: Worker, bench: Bench, tmp_path: Path, classifier: str
) -> None:
    tokenizer = TOKENIZER.from_pretrained(bench.model)
    config = BertConfig(**SMALL, vocab_size=len(tokenizer), max_position_embeddings=40)
    config.num_labels = 7
    base = saved(CLASSIFYING.from_config(config), tokenizer, tmp_path / "seven")

    result = await trained(worker, bench, base, classifier)

    assert {answer["label"] for answer in predicted(bench, result.folder)} <= set(LABELS)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_embeddings_grow_to_the_vocabulary(
    worker: Worker, bench: Bench, tmp_path: Path, classifier: str
) -> None:
    tokenizer = TOKENIZER.from_pretrained(bench.model)
    config = BertConfig(**SMALL, vocab_size=len(tokenizer) - 8, max_position_embeddings=40)
    base = saved(PLAIN.from_config(config), tokenizer, tmp_path / "small")

    result = await trained(worker, bench, base, classifier)

    assert len(predicted(bench, result.folder)) == 4


@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_texts_are_cut_at_the_positions_that_the_model_has(
    worker: Worker, bench: Bench, tmp_path: Path, classifier: str
) -> None:
    tokenizer = TOKENIZER.from_pretrained(bench.model)
    config = BertConfig(**SMALL, vocab_size=len(tokenizer), max_position_embeddings=4)
    base = saved(PLAIN.from_config(config), tokenizer, tmp_path / "short")

    result = await trained(worker, bench, base, classifier)

    assert TOKENIZER.from_pretrained(result.folder).model_max_length == 4


async def test_a_folder_without_a_tokenizer_is_refused(worker: Worker, bench: Bench, tmp_path: Path) -> None:
    base = shutil.copytree(bench.model, tmp_path / "base")
    for file in base.glob("token*"):
        file.unlink()

    with raises_naming(TaskFailed, "bad-input", base, "save_pretrained"):
        await trained(worker, bench, base, "transformer")
