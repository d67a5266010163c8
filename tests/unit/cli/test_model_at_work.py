"""What `labelloop predict` and `labelloop push` say of a model, beside the files that they write."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from labelloop.cli import predict, push
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.predictions.predict import PredictResult
from labelloop.projects.predictions.rows import BestLabels, Predictions
from labelloop.projects.push.facts import facts_of
from labelloop.projects.push.push import BuiltModel
from tests.support.messages import names
from tests.support.states import all_answered, audited, project, queried, state_of, trained


def said_of(texts: int, empty: int = 0, **settings: Any) -> list[str]:
    """The lines about so many texts, of which some are empty. No text was audited."""
    best = BestLabels(
        classes=np.zeros(texts, np.int32),
        probabilities=np.ones(texts),
        is_empty=np.arange(texts) < empty,
        is_left_out=np.zeros(texts, np.bool_),
    )
    snapshot = OpenSnapshot(pa.table({"text": [""] * texts}))
    predictions = Predictions(snapshot, best, ("spam", "ham"), trained("0", {}), False, (), is_pool=False)
    answer = PredictResult(predictions, None, (), ())
    return list(predict.lines(answer, texts, None, "out.csv", state_of(project(**settings))))


def test_one_text_is_said_to_be_one() -> None:
    about = said_of(2, empty=1)

    assert names(about[0], "1 text", "out.csv")
    assert names(about[-1], "1 text"), "the empty one has no label that could be right"


def test_of_no_label_nobody_says_how_often_it_is_right() -> None:
    assert len(said_of(1, empty=1)) == len(said_of(1)) - 1


@pytest.mark.parametrize(("share", "is_named"), [(0.0, True), (0.5, False)])
def test_an_audit_is_proposed_where_there_is_none(share: float, is_named: bool) -> None:
    assert any("--audit-share" in line for line in said_of(1, audit_share=share)) == is_named


@pytest.mark.parametrize(("model", "is_earlier"), [("0", False), ("1", True)])
def test_an_audit_of_an_earlier_model_is_said_to_be_of_that(model: str, is_earlier: bool) -> None:
    begun = (project(), queried("0"), all_answered("0"), trained("0", {"0": 0}), audited("0"))
    state = state_of(*begun, queried("1"), all_answered("1"), trained("1", {"0": 0, "1": 0}))

    about = push.lines(
        BuiltModel(Path("out"), facts_of(state, state.models[model].latest), None), "out", None
    )

    assert any(names(line, "0.750", "model 0") for line in about) == is_earlier
