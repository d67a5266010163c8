"""By which keys what happens is followed through the logs."""

import pytest

from labelloop.loop.schedule import NextBatch, NextModel
from labelloop.observe.logs import about_event, about_project, about_work
from schemas.envelope import new_event
from schemas.events import EventData, ProjectPaused
from tests.support.states import PROJECT, all_answered, queried, trained


def test_all_that_is_about_a_project_shares_its_correlation() -> None:
    event = new_event(PROJECT, queried(), source="querier")

    assert about_project(PROJECT) == {"project": PROJECT, "correlation_id": PROJECT}
    assert about_project(PROJECT).items() <= about_event(event).items()


def test_what_is_due_is_about_its_batch_its_model_and_what_made_it_due() -> None:
    pick = NextBatch(batch="3", model="1", size=6, cause="trained-1")
    train = NextModel(model="2", attempt=0, learned={}, cause="annotated-2")

    assert about_work(pick) == {"batch": "3", "model": "1", "causation_id": "trained-1"}
    assert about_work(train) == {"batch": "2", "model": "2", "causation_id": "annotated-2"}


def test_a_final_model_is_about_no_batch() -> None:
    final = NextModel(model="final-1", attempt=0, learned={}, cause="annotated-2")

    assert about_work(final) == {"batch": None, "model": "final-1", "causation_id": "annotated-2"}


@pytest.mark.parametrize(
    ("data", "batch", "model"),
    [
        (queried("2", model="0"), "2", "0"),
        (all_answered("relabel-1"), "relabel-1", None),
        (trained("1", {"0": 0, "1": 0}), "1", "1"),
        (ProjectPaused(request="r", who="ada"), None, None),
    ],
)
def test_an_event_is_about_its_batch_and_its_model(
    data: EventData, batch: str | None, model: str | None
) -> None:
    event = new_event(PROJECT, data, source="tests", cause="before")

    assert about_event(event) == {
        "project": PROJECT,
        "batch": batch,
        "model": model,
        "event_id": event.id,
        "event_type": type(data).__name__,
        "correlation_id": PROJECT,
        "causation_id": "before",
    }
