"""A tiny model, a small pool with its labels, a warm worker, and what the transformer computes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from labelloop.learner.classifiers.base import Features
from labelloop.learner.classifiers.batches import Encoded
from labelloop.learner.classifiers.networks import MeanPooled
from labelloop.learner.pool_embeddings import LowerHalf
from labelloop.learner.requests import (
    ClassifierSpec,
    EvaluateRequest,
    Examples,
    QueryRequest,
    TrainRequest,
    TrainResult,
)
from labelloop.learner.worker import Worker
from labelloop.pool.snapshot import Row, write
from tests.support.tiny_bert import tiny_bert

STARTS = {"HUM": "who is the man", "LOC": "where is the city", "NUM": "how many book"}
LABELS = tuple(STARTS)
SIZE = 60


@dataclass(frozen=True)
class Bench:
    """Makes requests over one pool, whose item `i` is of class `i % 3`."""

    folder: Path
    pool: Path
    model: Path

    def examples(self, *items: int) -> Examples:
        return tuple((item, (LABELS[item % len(LABELS)],)) for item in items)

    def spec(self, classifier: str = "transformer") -> ClassifierSpec:
        parameters = {"epochs": 2, "min_steps": 1} if classifier == "transformer" else {}
        return ClassifierSpec(classifier, parameters, str(self.model), None)

    def training(self, classifier: str = "transformer", into: str = "models") -> TrainRequest:
        return TrainRequest(
            pool=self.pool,
            classifier=self.spec(classifier),
            labels=LABELS,
            examples=self.examples(*range(12)),
            ignored=(),
            seed=7,
            threads=1,
            into=self.folder / into,
            cache=self.folder / "cache",
        )

    def query(self, training: TrainRequest, trained: TrainResult, strategy: str, n: int = 5) -> QueryRequest:
        return QueryRequest(
            pool=self.pool,
            classifier=training.classifier,
            labels=LABELS,
            model_folder=trained.folder,
            model_sha256=trained.sha256,
            strategy=strategy,
            strategy_parameters={},
            taken=(12, 13, 14),
            labelled=training.examples,
            ignored=(15,),
            n=n,
            seed=3,
            threads=1,
            cache=self.folder / "cache",
        )

    def evaluation(self, training: TrainRequest, trained: TrainResult) -> EvaluateRequest:
        return EvaluateRequest(
            texts_path=self.pool,
            classifier=training.classifier,
            labels=LABELS,
            model_folder=trained.folder,
            model_sha256=trained.sha256,
            threads=1,
            cache=self.folder / "cache",
        )


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    worker = Worker(1, "test")
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("tiny-bert"))


@pytest.fixture
def bench(tmp_path: Path, tiny: Path) -> Bench:
    return a_bench(tmp_path, tiny)


def a_bench(folder: Path, model: Path) -> Bench:
    words = ("color", "number", "the", "when", "was")
    rows = [
        Row(f"{STARTS[label]} {words[item % 5]} {words[item // 12]}", label, item)
        for item in range(SIZE)
        for label in [LABELS[item % len(LABELS)]]
    ]
    return Bench(folder, folder / write(folder, rows).name, model)


def endless(training: TrainRequest) -> TrainRequest:
    """The same training, but far too long to wait for."""
    return replace(
        training, classifier=replace(training.classifier, parameters={"epochs": 10_000_000, "min_steps": 1})
    )


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each text was embedded by half of a model."""
    embedded: Counter[str] = Counter()
    embed = LowerHalf.embed

    def counted(self: LowerHalf, texts: Sequence[str]) -> Features:
        embedded.update(texts)
        return embed(self, texts)

    monkeypatch.setattr(LowerHalf, "embed", counted)
    return embedded


@dataclass
class Work:
    """What the transformer computed: texts tokenized, and each forward pass of the network."""

    tokenized: Counter[str] = field(default_factory=Counter)
    masks: list[torch.Tensor] = field(default_factory=list)

    @property
    def padding(self) -> float:
        """The share of the tokens that are padding."""
        return 1 - sum(int(mask.sum()) for mask in self.masks) / sum(mask.numel() for mask in self.masks)

    @property
    def texts(self) -> int:
        return sum(len(mask) for mask in self.masks)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    tokenize, features = Encoded.of, MeanPooled.features

    def counted(tokenizer: Any, texts: Sequence[str], max_length: int) -> Encoded:
        work.tokenized.update(texts)
        return tokenize(tokenizer, texts, max_length)

    def passed(self: MeanPooled, attention_mask: torch.Tensor, **texts: torch.Tensor) -> torch.Tensor:
        work.masks.append(attention_mask)
        return features(self, attention_mask, **texts)

    monkeypatch.setattr(Encoded, "of", counted)
    monkeypatch.setattr(MeanPooled, "features", passed)
    return work
