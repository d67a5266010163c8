"""A small multi-label pool, and requests over it."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]

from labelloop.learner.requests import (
    ClassifierSpec,
    EvaluateRequest,
    Examples,
    QueryRequest,
    TrainRequest,
    TrainResult,
)
from labelloop.pool.snapshot import Row, write

WORDS = {"HUM": "man", "LOC": "city", "NUM": "number"}
OTHERS = ("when was the book", "is the color a book", "what did who", "where is it of", "the how many a")
LABELS = tuple(WORDS)
SIZE = 64


def labels_of(item: int) -> tuple[str, ...]:
    """Label `i` fits an item whose number has bit `i`, so none fits every eighth."""
    return tuple(label for number, label in enumerate(LABELS) if item >> number & 1)


def text_of(item: int) -> str:
    """It has a word for each label that fits, and others."""
    words = [WORDS[label] for label in labels_of(item)]
    return " ".join([OTHERS[item % len(OTHERS)], *words, OTHERS[item // 13]])


def examples(*items: int) -> Examples:
    """The items with the labels that fit them."""
    return tuple((item, labels_of(item)) for item in items)


@dataclass(frozen=True)
class ManyLabels:
    """Makes requests over one pool."""

    folder: Path
    pool: Path
    model: Path

    @classmethod
    def at(cls, folder: Path, model: Path) -> "ManyLabels":
        """With a pool in this folder."""
        rows = [Row(text_of(item), None, item) for item in range(SIZE)]
        return cls(folder, folder / write(folder, rows).name, model)

    def spec(self, classifier: str = "linear") -> ClassifierSpec:
        parameters = {"epochs": 2, "min_steps": 60} if classifier == "transformer" else {}
        return ClassifierSpec(classifier, parameters, str(self.model), None, multi_label=True)

    def training(self, classifier: str = "linear") -> TrainRequest:
        return TrainRequest(
            pool=self.pool,
            classifier=self.spec(classifier),
            labels=LABELS,
            examples=examples(*range(24)),
            ignored=(),
            seed=7,
            threads=1,
            into=self.folder / "models",
            cache=self.folder / "cache",
        )

    def query(self, training: TrainRequest, trained: TrainResult, strategy: str, n: int = 5) -> QueryRequest:
        return QueryRequest(
            pool=self.pool,
            classifier=training.classifier,
            labels=training.labels,
            model_folder=trained.folder,
            model_sha256=trained.sha256,
            strategy=strategy,
            strategy_parameters={},
            taken=(30, 31),
            labelled=training.examples,
            ignored=(32,),
            n=n,
            seed=3,
            threads=1,
            cache=self.folder / "cache",
        )

    def evaluation(self, training: TrainRequest, trained: TrainResult) -> EvaluateRequest:
        return EvaluateRequest(
            texts_path=self.with_gold(range(SIZE)),
            classifier=training.classifier,
            labels=training.labels,
            model_folder=trained.folder,
            model_sha256=trained.sha256,
            threads=1,
            cache=self.folder / "cache",
        )

    def with_gold(self, items: range) -> Path:
        """A snapshot of these items with their labels."""
        table = pa.table(
            {
                "text": [text_of(item) for item in items],
                "gold": pa.array([list(labels_of(item)) for item in items], pa.list_(pa.string())),
                "source_row": list(items),
            }
        )
        file = self.folder / "gold.arrow"
        with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return file
