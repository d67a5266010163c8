"""What consumers and notebooks may read of a state."""

import pytest

from labelloop.loop.state import NotCreated
from labelloop.loop.view import ProjectView
from schemas import events as e
from schemas.parts import Settings
from tests.support.states import (
    PROJECT,
    all_answered,
    annotated,
    answered,
    evaluated,
    project,
    queried,
    recorded,
    state_of,
    trained,
    vote,
    votes,
)

ANN, BOB = vote("ann", "spam"), vote("bob", "ham")


def test_a_project_that_begins_has_its_settings_and_nothing_else() -> None:
    view = ProjectView(state_of(project()))

    assert (view.id, view.events, view.created.name) == (PROJECT, 1, "mail")
    assert view.settings == view.created
    assert (view.batches, view.open_batches, view.models, view.evaluations, view.labels) == (
        {},
        (),
        {},
        {},
        {},
    )
    assert (view.accuracy, view.is_paused, view.is_ended, view.is_finished) == (None, False, False, False)


def test_an_open_batch_has_votes_and_no_labels() -> None:
    view = ProjectView(state_of(project(), queried(items=(5, 3)), recorded(votes(3, ANN))))

    (batch,) = view.open_batches
    assert view.batches == {"0": batch}
    assert (batch.name, batch.items, batch.is_done, batch.revisions) == ("0", (5, 3), False, ())
    assert batch.answers == (votes(3, ANN),)
    assert batch.queried == queried(items=(5, 3))
    assert (batch.labels, view.labels) == ({}, {})


def test_labels_are_those_of_the_newest_revision() -> None:
    told = (queried(items=(0, 1)), annotated(answered(0, ANN), answered(1, ANN)))
    again = annotated(answered(0, BOB), answered(1, discarded=True), revision=1)

    view = ProjectView(state_of(project(), *told, again))

    assert view.open_batches == ()
    assert view.batches["0"].is_done
    assert len(view.batches["0"].revisions) == 2
    assert view.batches["0"].labels == view.labels == {0: ("ham",)}


def test_labels_of_texts_asked_once_more_are_the_newer_ones() -> None:
    asked = e.RelabelRequested(request="1", who="ann", why="unsure", items=(0,))
    told = (queried(items=(0, 1)), annotated(answered(0, ANN), answered(1, ANN)), asked)
    again = (queried("relabel-1", (0,)), annotated(answered(0, BOB), batch="relabel-1"))

    view = ProjectView(state_of(project(), *told, *again))

    assert view.batches["0"].labels == {0: ("spam",), 1: ("spam",)}
    assert view.labels == {0: ("ham",), 1: ("spam",)}


def test_a_model_is_the_one_trained_last_and_the_accuracy_that_of_the_newest_measured() -> None:
    told = (queried(), all_answered(), trained("0", {"0": 0}), evaluated("0", accuracy=0.5))
    lost = e.ModelLost(model="0", attempt=0, reason="gone")
    more = (lost, trained("0", {"0": 0}, attempt=1), queried("1", (3, 4, 5)), all_answered("1", (3, 4, 5)))

    view = ProjectView(state_of(project(), *told, *more, trained("1", {"0": 0, "1": 0})))

    assert {name: model.attempt for name, model in view.models.items()} == {"0": 1, "1": 0}
    assert list(view.evaluations) == ["0"]
    assert view.accuracy == 0.5


def test_settings_are_those_of_the_next_batch() -> None:
    changed = e.ProjectChanged(request="1", who="ann", from_batch=1, settings=Settings(batch_size=7))

    before, after = (
        ProjectView(state_of(project(), changed)),
        ProjectView(state_of(project(), changed, queried())),
    )

    assert (before.settings.batch_size, after.settings.batch_size) == (3, 7)
    assert after.created.batch_size == 3


def test_whether_it_goes_on_is_told() -> None:
    paused = e.ProjectPaused(request="1", who="ann")
    ended = e.ProjectEnded(request="2", who="ann")

    assert ProjectView(state_of(project(), paused)).is_paused
    view = ProjectView(state_of(project(), ended))
    assert (view.is_ended, view.is_finished) == (True, True)


def test_a_project_that_is_not_created_has_no_view() -> None:
    with pytest.raises(ValueError, match="not created"):
        ProjectView(NotCreated(PROJECT))
