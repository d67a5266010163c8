"""Each kind of sort; what has no value comes last in both directions."""

from typing import Any

import httpx
import pytest

from tests.support.argilla_api import ApiDataset, by, make_dataset, record, respond
from tests.support.argilla_server import ArgillaServer


@pytest.fixture(scope="module")
def dataset(argilla_server: ArgillaServer) -> ApiDataset:
    dataset = make_dataset(argilla_server.client())
    about: list[dict[str, Any]] = [
        {"reason": "b", "margin": 2.5},
        {"reason": "c", "margin": 10.0},
        {"reason": "a", "margin": 9.0},
        {},
    ]
    suggestions = [[dataset.suggestion("human", score)] for score in (0.2, 0.9, 0.5)] + [[]]
    for rank, metadata in enumerate(about):
        dataset.put([record(0, rank, metadata=metadata, suggestions=suggestions[rank])])
    dataset.put([record(0, 1, metadata=about[1] | {"margin": 10.5}, suggestions=suggestions[1])])
    return dataset


SCORE = {"question": "label", "property": "score"}


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (by("metadata", metadata_property="reason"), ["0:2", "0:0", "0:1", "0:3"]),
        (by("metadata", "desc", metadata_property="reason"), ["0:1", "0:0", "0:2", "0:3"]),
        (by("metadata", metadata_property="margin"), ["0:0", "0:2", "0:1", "0:3"]),
        (by("metadata", "desc", metadata_property="rank"), ["0:3", "0:2", "0:1", "0:0"]),
        (by("suggestion", **SCORE), ["0:0", "0:2", "0:1", "0:3"]),
        (by("suggestion", "desc", **SCORE), ["0:1", "0:2", "0:0", "0:3"]),
        (by("record", property="inserted_at"), ["0:0", "0:1", "0:2", "0:3"]),
        (by("record", "desc", property="inserted_at"), ["0:3", "0:2", "0:1", "0:0"]),
        (by("record", "desc", property="updated_at"), ["0:1", "0:3", "0:2", "0:0"]),
    ],
)
def test_a_sort_orders(dataset: ApiDataset, sort: dict[str, Any], found: list[str]) -> None:
    assert dataset.ids(sort=[sort]) == found


def test_a_second_sort_orders_what_the_first_leaves_equal(dataset: ApiDataset) -> None:
    sort = [by("metadata", metadata_property="batch"), by("suggestion", "desc", **SCORE)]
    assert dataset.ids(sort=sort) == ["0:1", "0:2", "0:0", "0:3"]


def test_answers_sort_by_the_users_own_value(dataset: ApiDataset, argilla_server: ArgillaServer) -> None:
    me = dataset.annotator()
    path = f"/datasets/{dataset.id}/records/search"
    records = [item["record"] for item in dataset.client.post(path, json={}).json()["items"]]
    for label, answered in zip(["number", "human", "location"], records, strict=False):
        respond(me, answered["id"], label)
    expected = [records[at]["external_id"] for at in (1, 2, 0, 3)]
    assert dataset.ids(sort=[by("response", question="label")], client=me) == expected


def test_sorting_by_what_the_data_set_lacks_is_refused(dataset: ApiDataset) -> None:
    body = {"sort": [by("metadata", metadata_property="unknown")]}
    answer: httpx.Response = dataset.client.post(f"/me/datasets/{dataset.id}/records/search", json=body)
    assert answer.status_code == 422
