"""How many people decide a text, by batch, as labelloop tells it in the data set's metadata."""

from typing import Any

import pytest

from tests.support.argilla_api import ApiDataset, make_dataset, ok, record, respond
from tests.support.argilla_server import ArgillaServer


def told(dataset: ApiDataset, steps: Any) -> Any:
    """What the data set has once these steps were written."""
    path = f"/datasets/{dataset.id}"
    ok(dataset.client.patch(path, json={"metadata": {"min_submitted": steps}}))
    return ok(dataset.client.get(path))["metadata"]["min_submitted"]


def progress(dataset: ApiDataset) -> tuple[int, int]:
    """How many records are completed, and how many there are."""
    counted = ok(dataset.client.get(f"/datasets/{dataset.id}/progress"))
    return counted["completed"], counted["total"]


def test_a_record_is_completed_by_as_many_answers_as_its_batch_wants(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client(), min_submitted=2)
    told(dataset, [[0, 1], [2, 2]])
    of_0, of_3 = dataset.put([record(0, 0), record(3, 0)])
    ada, ben = dataset.annotator(), dataset.annotator()

    for record_id in (of_0, of_3):
        respond(ada, record_id, "human")
    assert progress(dataset) == (1, 2)
    respond(ben, of_3, "human")
    assert progress(dataset) == (2, 2)


@pytest.mark.parametrize(
    "steps", ["5", None, 7, [["a", 1]], [[0]], [[0, -1]], [[0, 2**70]], [None], {"0": 1}]
)
def test_what_is_no_step_is_ignored(argilla_server: ArgillaServer, steps: Any) -> None:
    dataset = make_dataset(argilla_server.client(), min_submitted=1)
    told(dataset, steps)
    (record_id,) = dataset.put([record(0, 0)])

    respond(dataset.annotator(), record_id, "human")

    assert progress(dataset) == (1, 1)


def test_steps_are_written_and_written_anew(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client(), min_submitted=1)

    assert told(dataset, [[0, 1], [2, 2]]) == [[0, 1], [2, 2]]
    assert told(dataset, [[0, 1], [2, 2], [4, 1]]) == [[0, 1], [2, 2], [4, 1]]


def test_a_record_may_want_answers_of_its_own_number(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client(), min_submitted=1)
    own, usual, none = record(0, 0), record(0, 1), record(0, 2)
    own["metadata"]["answers-wanted"] = 2
    none["metadata"]["answers-wanted"] = 0
    of_two, of_one, _ = dataset.put([own, usual, none])
    ada, ben = dataset.annotator(), dataset.annotator()

    assert progress(dataset) == (1, 3), "the last one wants no answer"
    for record_id in (of_two, of_one):
        respond(ada, record_id, "human")
    assert progress(dataset) == (2, 3)
    respond(ben, of_two, "human")
    assert progress(dataset) == (3, 3)


@pytest.mark.parametrize("wanted", ["2", -1, 1.5, True, None, [2], 2**70])
def test_what_is_no_number_of_answers_is_ignored(argilla_server: ArgillaServer, wanted: Any) -> None:
    dataset = make_dataset(argilla_server.client(), min_submitted=1)
    odd = record(0, 0)
    odd["metadata"]["answers-wanted"] = wanted
    (record_id,) = dataset.put([odd])

    assert progress(dataset) == (0, 1)
    respond(dataset.annotator(), record_id, "human")
    assert progress(dataset) == (1, 1)
