"""How much a training and a pick compute: nothing twice, and little for padding."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelloop.learner.classifiers.batches import SCORING_BATCH
from labelloop.learner.classifiers.linear import LinearClassifier
from labelloop.learner.querying import query
from labelloop.learner.requests import QueryRequest
from labelloop.learner.strategies.registry import known_strategies
from labelloop.learner.training import train
from labelloop.pool.bundled import bundled
from labelloop.pool.prepare import clean_pool
from labelloop.pool.snapshot import write
from labelloop.pool.sources import load
from tests.integration.learner.conftest import Bench, Work
from tests.integration.learner.test_querying import SMALL, STRATEGIES_FOR_NETWORKS
from tests.support.matrices import cells

TEXTS, LABELLED = 600, 140
MOST_PADDING = 0.15


@pytest.fixture
def questions(tmp_path: Path, tiny: Path) -> Bench:
    """A pool of real questions."""
    rows = clean_pool(load(str(bundled("questions").pool))).rows[:TEXTS]
    return Bench(tmp_path, tmp_path / write(tmp_path, rows).name, tiny)


def a_pick(bench: Bench) -> QueryRequest:
    training = bench.training()
    spec = replace(training.classifier, parameters={"epochs": 2, "min_steps": 1, "frozen_share": 0.5})
    training = replace(training, classifier=spec, examples=bench.examples(*range(LABELLED)))
    return bench.query(training, train(training), "breaking-ties", n=20)


def test_a_training_and_picks_tokenize_each_text_once(questions: Bench, work: Work) -> None:
    request = a_pick(questions)
    query(request)

    assert set(work.tokenized.values()) == {1}
    assert len(work.tokenized) == TEXTS

    work.tokenized.clear()
    query(request)
    assert not work.tokenized


def test_a_pick_scores_each_text_once_in_full_batches(questions: Bench, work: Work) -> None:
    request = a_pick(questions)
    work.masks.clear()

    query(request)

    scored = TEXTS - len({*request.taken, *request.ignored} - set(range(LABELLED)))
    assert work.texts == scored
    assert len(work.masks) == -(-scored // SCORING_BATCH)


def test_little_of_a_training_and_a_pick_is_padding(questions: Bench, work: Work) -> None:
    request = a_pick(questions)
    assert work.padding < MOST_PADDING

    work.masks.clear()
    query(request)
    assert work.padding < MOST_PADDING


OFTEN = ["breaking-ties", "badge", "anchor-subsampling"]
OTHERS = sorted({*known_strategies()} - STRATEGIES_FOR_NETWORKS - {*OFTEN})


@pytest.mark.parametrize("strategy", cells(*OFTEN, rest=OTHERS))
def test_no_strategy_has_a_text_scored_twice_by_a_model(
    bench: Bench, strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = bench.training("linear")
    request = bench.query(training, train(training), strategy)
    scored: Counter[tuple[int, str]] = Counter()

    def counting(name: str) -> None:
        method = getattr(LinearClassifier, name)

        def counted(self: LinearClassifier, data_set: Any, *given: Any, **named: Any) -> Any:
            scored.update((id(self), text) for text in data_set.x)
            return method(self, data_set, *given, **named)

        monkeypatch.setattr(LinearClassifier, name, counted)

    counting("predict_proba")
    counting("embed")
    query(replace(request, strategy_parameters=SMALL.get(strategy, {})))

    assert set(scored.values()) == {1}
