"""Peers that fine-tune through small-text: the tutorial's core, and SetFit.

The tutorial's core is small-text's own transformer with its defaults, as Argilla's notebook "Active Learning
with small-text" uses it; its texts are padded to 60 tokens. Tokenizing is not counted.
"""

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from small_text import (  # type: ignore[import-untyped]
    BreakingTies,
    Classifier,
    Dataset,
    SetFitClassificationFactory,
    SetFitModelArguments,
    TextDataset,
    TransformerBasedClassificationFactory,
    TransformerModelArguments,
    TransformersDataset,
)
from transformers import AutoTokenizer

from benchmarks.loops import Outcome, Round, Task
from benchmarks.peers.scores import Integers, figures, gold_of
from labelloop.learner import labels, runtime
from labelloop.learner.base_model import resolve
from labelloop.loop.random_draws import derived
from labelloop.pool.snapshot import OpenSnapshot

MAX_LENGTH = 60
TUNED_RATE = 1e-4


def tutorial(task: Task, seed: int, round: Round) -> Outcome:
    return _tutorial(task, seed, round, {})


def tutorial_with_rate(task: Task, seed: int, round: Round) -> Outcome:
    return _tutorial(task, seed, round, {"lr": TUNED_RATE})


def setfit(task: Task, seed: int, round: Round) -> Outcome:
    """SetFit knows only the classes that have labels so far; small-text fails if these are not all."""
    _prepare(task, seed, round)
    pool, tests = (OpenSnapshot.open(path).all_texts() for path in (task.pool, task.test))
    learned = np.array(round.learned)
    classes, y = np.unique(gold_of(task)[0][learned], return_inverse=True)
    factory = SetFitClassificationFactory(
        SetFitModelArguments(
            str(resolve(task.model).folder),
            show_progress_bar=False,
            output_dir=str(task.folder / "setfit"),
            trainer_kwargs={"report_to": "none", "logging_strategy": "no"},
        ),
        len(classes),
        classification_kwargs={"device": runtime.device().type},
    )
    texts = TextDataset.from_arrays(
        [pool[item] for item in learned], y, target_labels=np.arange(len(classes))
    )
    data = labels.unlabelled(pool, len(classes)), labels.unlabelled(tests, len(classes))
    return _take(task, round, factory.new(), texts, data, y, classes)


def tutorials_data(base: Path, texts: Sequence[str], y: Integers, classes: int) -> TransformersDataset:
    """Texts as the tutorial tokenizes them."""
    return TransformersDataset.from_arrays(
        texts,
        y,
        AutoTokenizer.from_pretrained(base),
        target_labels=np.arange(classes),
        max_length=MAX_LENGTH,
    )


def tutorials_classifier(
    base: Path, classes: int, folder: Path, arguments: Mapping[str, Any]
) -> TransformerBasedClassificationFactory:
    """What makes the tutorial's classifiers. `arguments`: what it is told beside its defaults."""
    own_arguments = {"device": runtime.device().type, "cache_dir": str(folder)}
    return TransformerBasedClassificationFactory(
        TransformerModelArguments(str(base)), classes, classification_kwargs={**own_arguments, **arguments}
    )


def _tutorial(task: Task, seed: int, round: Round, arguments: Mapping[str, Any]) -> Outcome:
    _prepare(task, seed, round)
    folder = task.folder / "tutorial"
    folder.mkdir(exist_ok=True)
    factory = tutorials_classifier(resolve(task.model).folder, len(task.labels), folder, arguments)
    pool, tests = _tokenized(task)
    learned = np.array(round.learned)
    y = gold_of(task)[0][learned]
    classes = np.arange(len(task.labels))
    return _take(task, round, factory.new(), pool[learned], (pool, tests), y, classes)


@lru_cache(maxsize=1)
def _tokenized(task: Task) -> tuple[TransformersDataset, TransformersDataset]:
    base = resolve(task.model).folder
    texts = (OpenSnapshot.open(path).all_texts() for path in (task.pool, task.test))
    pool, tests = (
        tutorials_data(base, part, y, len(task.labels)) for part, y in zip(texts, gold_of(task), strict=True)
    )
    return pool, tests


def _take(
    task: Task,
    round: Round,
    classifier: Classifier,
    train: Dataset,
    data: tuple[Dataset, Dataset],
    y: Integers,
    classes: Integers,
) -> Outcome:
    """Fit, pick by breaking ties, and predict the test set. `classes`: the task's, by the classifier's."""
    pool, tests = data
    started = time.perf_counter()
    classifier.fit(train)
    trained = time.perf_counter()
    picks: list[int] = []
    if round.batch is not None:
        free = np.setdiff1d(np.arange(len(pool)), np.array(round.taken))
        learned = np.array(round.learned)
        picks = BreakingTies().query(classifier, pool, free, learned, y, n=task.batch_size).tolist()
    queried = time.perf_counter()
    accuracy, macro_f1 = figures(task, classes[classifier.predict(tests)])
    return Outcome(accuracy, macro_f1, trained - started, queried - trained, tuple(picks))


def _prepare(task: Task, seed: int, round: Round) -> None:
    runtime.prepare(task.threads)
    number = derived(seed, "train", str(round.model))
    np.random.seed(number)
    torch.manual_seed(number)
