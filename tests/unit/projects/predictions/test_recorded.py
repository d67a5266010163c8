"""What recorded predictions show of one model, and what is said where there are none."""

import secrets
from pathlib import Path

import numpy as np
import pytest

from labelloop.config.locations import CACHE
from labelloop.errors import UserError
from labelloop.loop.retention import file_of
from labelloop.loop.state import LoopState
from labelloop.projects.predictions.recorded import (
    on_test_set,
    open_predictions,
)
from labelloop.projects.predictions.reliability import AuditedText, calibration_error, reliability
from labelloop.store import FolderStore, open_store
from labelloop.store.artifacts import file_digest
from labelloop.store.predictions import StoredPredictions
from schemas.events import PredictionsRecorded
from tests.support.messages import raises_naming
from tests.support.predictions_recorded import predictions, put, sayings
from tests.support.states import (
    PROJECT,
    all_answered,
    project,
    queried,
    recorded_predictions,
    state_of,
    trained,
)

GOLD = {0: "spam", 1: "ham", 2: "spam", 3: "spam"}
SAID = predictions(
    "1",
    {4: ("spam", 0.75), 5: ("ham", 0.5), 6: ("spam", 0.9)},
    {0: ("spam", 0.9), 1: ("spam", 0.6), 2: ("ham", 0.7), 3: ("spam", 1.0)},
    GOLD,
)


def with_models(*recorded: PredictionsRecorded) -> LoopState:
    models = [trained(str(number), {"0": 0}) for number in range(3)]
    return state_of(project(), queried(), all_answered(), *models, *recorded)


def test_what_is_said_with_which_probability_and_whether_rightly() -> None:
    found = on_test_set(SAID)

    assert [each.is_right for each in found] == [True, False, False, True]
    assert [each.probability for each in found] == pytest.approx([0.9, 0.6, 0.7, 1.0])


def test_of_several_labels_each_label_of_each_text_counts() -> None:
    test = sayings({0: ("spam+ham", 0.8), 1: ("", 0.1)}, gold={0: "spam", 1: "ham"})
    several = StoredPredictions("1", True, test, sayings({}))

    found = on_test_set(several)

    assert [each.is_right for each in found] == [True, False, False, False, True, False]
    assert [each.probability for each in found] == pytest.approx([0.8, 0.8, 0, 0, 0, 0])


def test_reliability_is_told_in_bins_without_empty_ones() -> None:
    texts = [
        AuditedText(0.92, True),
        AuditedText(0.98, False),
        AuditedText(1.0, True),
        AuditedText(0.0, False),
    ]

    low, high = reliability(texts)

    assert (low.low, low.high, low.texts, low.right) == (0.0, 0.1, 1, 0.0)
    assert (high.low, high.high, high.texts) == (0.9, 1.0, 3)
    assert [high.probability, high.right] == pytest.approx([2.9 / 3, 2 / 3])
    assert 0 < high.right_low < high.right < high.right_high < 1
    assert calibration_error([low, high]) == pytest.approx(0.9 / 4)
    assert reliability([]) == []
    assert calibration_error([]) == 0


def test_what_is_read_is_what_was_put_there(tmp_path: Path) -> None:
    state = with_models(put(tmp_path, SAID))

    found = open_predictions(state, FolderStore(tmp_path), "1")

    assert (found.pool.probabilities == SAID.pool.probabilities).all()
    assert np.array_equal(found.test.predicted, SAID.test.predicted)


@pytest.mark.parametrize(
    ("model", "facts"),
    [
        ("7", ("'7'", "0, 1, 2")),
        ("0", ("model 0", "not recorded", "choose from 1")),
        ("2", ("model 2", "not recorded yet", "`labelloop up`", "1")),
    ],
)
def test_a_model_without_any_is_told_with_what_to_do(
    tmp_path: Path, model: str, facts: tuple[str, ...]
) -> None:
    with raises_naming(UserError, *facts):
        open_predictions(with_models(put(tmp_path, SAID)), FolderStore(tmp_path), model)


def test_a_file_that_is_gone_damaged_or_of_another_kind_is_told(tmp_path: Path) -> None:
    store, whole = FolderStore(tmp_path), put(tmp_path, SAID)
    other = tmp_path / "other.parquet"
    other.write_bytes(b"PAR1 of a newer labelloop")
    digest = "0fe0b2e0d4f2a5d1"

    with raises_naming(UserError, "model 2", "gone", "choose from 1"):
        open_predictions(with_models(whole, recorded_predictions("2")), store, "2")
    with raises_naming(UserError, "model 2", other, "damaged", "choose from 1"):
        changed = recorded_predictions("2", uri="other.parquet", sha256=digest)
        open_predictions(with_models(whole, changed), store, "2")
    with raises_naming(UserError, "model 2", other, "cannot be read", "upgrade"):
        newer = recorded_predictions("2", uri="other.parquet", sha256=file_digest(other))
        open_predictions(with_models(whole, newer), store, "2")


def test_they_come_from_a_store_elsewhere_and_what_it_lost_is_told(tmp_path: Path) -> None:
    told = put(tmp_path / "home", SAID)
    state, where = with_models(told), {CACHE: str(tmp_path / "cache")}
    store = open_store(f"memory://predictions-{secrets.token_hex(4)}", where)
    with raises_naming(UserError, "model 1", "gone or damaged"):
        open_predictions(state, store, "1")

    assert store.add_snapshot(file_of(told), tmp_path / "home" / told.uri)

    assert len(open_predictions(state, store, "1").pool) == 3
    assert [path.name for path in (tmp_path / "cache").glob("*/predictions/*")] == [f"{told.sha256}.parquet"]
    store.remove(PROJECT)
    with raises_naming(UserError, "model 1", "gone or damaged"):
        open_predictions(state, store, "1")
