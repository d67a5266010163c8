"""Each kind of filter, as the web page and the SDK send it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.argilla_api import ApiDataset, make_dataset, ok, range_of, record, respond, terms
from tests.support.argilla_server import ArgillaServer
from tests.support.messages import names


@pytest.fixture(scope="module")
def dataset(argilla_server: ArgillaServer) -> ApiDataset:
    dataset = make_dataset(argilla_server.client(), min_submitted=2)
    about: list[dict[str, Any]] = [
        {"reason": "uncertain", "margin": 0.25},
        {"reason": "audit", "margin": 0.5},
        {"reason": "uncertain", "margin": 1.0},
        {"reason": "relabel"},
    ]
    labels = [("human", 0.9, "m1"), ("location", 0.4, "m1"), ("human", 0.1, "m2")]
    suggested: list[dict[str, Any]] = [{"suggestions": [dataset.suggestion(*label)]} for label in labels] + [
        {}
    ]
    dataset.put(
        [record(rank // 2, rank, metadata=about[rank], **suggested[rank]) for rank in range(len(about))]
    )
    return dataset


@pytest.fixture(scope="module")
def annotators(dataset: ApiDataset) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Two annotators: record 0 answered by both, 1 discarded by the first, 2 drafted by the second."""
    first, second = dataset.annotator(), dataset.annotator()
    ids = {item["external_id"]: item["id"] for item in everything(dataset)}
    respond(first, ids["0:0"], "human")
    respond(second, ids["0:0"], "number")
    respond(first, ids["0:1"], None, "discarded")
    respond(second, ids["1:2"], "location", "draft")
    yield first, second
    first.close()
    second.close()


def everything(dataset: ApiDataset) -> list[dict[str, Any]]:
    found = ok(dataset.client.post(f"/datasets/{dataset.id}/records/search", json={}))
    return [item["record"] for item in found["items"]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (terms("metadata", ["1"], metadata_property="batch"), {"1:2", "1:3"}),
        (terms("metadata", [0], metadata_property="rank"), {"0:0"}),
        (terms("metadata", ["0", "3"], metadata_property="rank"), {"0:0", "1:3"}),
        (terms("metadata", ["7"], metadata_property="rank"), set()),
        (terms("metadata", ["uncertain"], metadata_property="reason"), {"0:0", "1:2"}),
        (terms("metadata", ["audit", "relabel"], metadata_property="reason"), {"0:1", "1:3"}),
        (terms("metadata", ["0.5", "1"], metadata_property="margin"), {"0:1", "1:2"}),
        (range_of("metadata", 1, 2, metadata_property="rank"), {"0:1", "1:2"}),
        (range_of("metadata", ge=2, metadata_property="rank"), {"1:2", "1:3"}),
        (range_of("metadata", le=0.5, metadata_property="margin"), {"0:0", "0:1"}),
        (terms("suggestion", ["human"], question="label", property="value"), {"0:0", "1:2"}),
        (terms("suggestion", ["m1"], question="label", property="agent"), {"0:0", "0:1"}),
        (range_of("suggestion", 0.1, 0.4, question="label", property="score"), {"0:1", "1:2"}),
        (terms("record", ["0:1", "1:3"], property="external_id"), {"0:1", "1:3"}),
        (range_of("record", ge="2000-01-01", property="inserted_at"), {"0:0", "0:1", "1:2", "1:3"}),
        (range_of("record", le="2000-01-01T00:00:00Z", property="updated_at"), set()),
        (terms("record", ["completed"], property="status"), {"0:0"}),
        (terms("record", ["no-uuid"], property="id"), set()),
    ],
)
def test_a_filter_finds(
    dataset: ApiDataset,
    annotators: tuple[httpx.Client, httpx.Client],
    wanted: dict[str, Any],
    found: set[str],
) -> None:
    names, total = dataset.search(wanted)
    assert (set(names), total) == (found, len(found))


@pytest.mark.parametrize(
    ("statuses", "first_finds", "second_finds"),
    [
        (["pending"], {"1:2", "1:3"}, {"0:1", "1:3"}),
        (["submitted"], {"0:0"}, {"0:0"}),
        (["discarded"], {"0:1"}, set()),
        (["draft"], set(), {"1:2"}),
        (["pending", "submitted"], {"0:0", "1:2", "1:3"}, {"0:0", "0:1", "1:3"}),
    ],
)
def test_a_queue_is_the_users_own(
    dataset: ApiDataset,
    annotators: tuple[httpx.Client, httpx.Client],
    statuses: list[str],
    first_finds: set[str],
    second_finds: set[str],
) -> None:
    wanted = terms("response", statuses, property="status")
    for client, found in zip(annotators, (first_finds, second_finds), strict=True):
        names, total = dataset.search(wanted, client=client)
        assert (set(names), total) == (found, len(found))


def test_answers_filter_by_the_users_own_value(
    dataset: ApiDataset, annotators: tuple[httpx.Client, httpx.Client]
) -> None:
    first, second = annotators
    wanted = terms("response", ["number", "location"], question="label")
    assert dataset.ids(wanted, client=first) == []
    assert set(dataset.ids(wanted, client=second)) == {"0:0", "1:2"}


def test_filters_are_joined_by_and(dataset: ApiDataset) -> None:
    uncertain = terms("metadata", ["uncertain"], metadata_property="reason")
    late = range_of("metadata", ge=1, metadata_property="batch")
    assert dataset.ids(uncertain, late) == ["1:2"]


def test_a_number_that_is_none_is_refused_with_its_cause(dataset: ApiDataset) -> None:
    body = {"filters": {"and": [terms("metadata", ["many"], metadata_property="rank")]}}
    answer = dataset.client.post(f"/datasets/{dataset.id}/records/search", json=body)
    assert answer.status_code == 422
    assert names(answer.text, "many")


def test_progress_counts_records_and_the_users_responses(
    dataset: ApiDataset, annotators: tuple[httpx.Client, httpx.Client]
) -> None:
    first, second = annotators
    progress = ok(dataset.client.get(f"/datasets/{dataset.id}/progress"))
    assert (progress["total"], progress["completed"], progress["pending"]) == (4, 1, 3)
    path = f"/me/datasets/{dataset.id}/metrics"
    counted = {"total": 4, "submitted": 1, "discarded": 1, "draft": 0, "pending": 2}
    assert ok(first.get(path))["responses"] == counted
    assert ok(second.get(path))["responses"] == counted | {"discarded": 0, "draft": 1}


def test_metrics_of_each_kind_of_metadata(dataset: ApiDataset) -> None:
    properties = ok(dataset.client.get(f"/me/datasets/{dataset.id}/metadata-properties"))["items"]
    metrics = {
        p["name"]: ok(dataset.client.get(f"/metadata-properties/{p['id']}/metrics")) for p in properties
    }
    assert metrics["rank"] == {"type": "integer", "min": 0, "max": 3}
    assert metrics["margin"] == {"type": "float", "min": 0.25, "max": 1.0}
    assert metrics["reason"]["total"] == 4
    assert [(value["term"], value["count"]) for value in metrics["reason"]["values"]] == [
        ("uncertain", 2),
        ("audit", 1),
        ("relabel", 1),
    ]


def test_changing_how_many_must_answer_counts_the_records_anew(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client(), min_submitted=2)
    [record_id] = dataset.put([record(0, 0)])
    respond(dataset.annotator(), record_id, "human")
    path = f"/datasets/{dataset.id}"
    assert ok(dataset.client.get(f"{path}/progress"))["completed"] == 0
    ok(dataset.client.patch(path, json={"distribution": {"strategy": "overlap", "min_submitted": 1}}))
    completed = terms("record", ["completed"], property="status")
    assert dataset.search(completed)[1] == 1
