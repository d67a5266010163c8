"""In which order people meet the records."""

from itertools import pairwise

import pytest

from tests.support.argilla_api import ApiDataset, by, make_dataset, ok, record, respond, terms
from tests.support.argilla_server import ArgillaServer

SIZE = 8
PENDING = (terms("response", ["pending"], property="status"), terms("record", ["pending"], property="status"))


@pytest.fixture
def dataset(argilla_server: ArgillaServer) -> ApiDataset:
    dataset = make_dataset(argilla_server.client())
    dataset.put([record(batch, rank) for batch in (10, 2, 9) for rank in range(SIZE)])
    dataset.put([{"external_id": "none", "fields": {"text": "of no batch"}}])
    return dataset


def test_the_oldest_batch_comes_first_and_records_without_one_last(dataset: ApiDataset) -> None:
    found = dataset.ids(client=dataset.annotator())
    assert [name.split(":")[0] for name in found] == ["2"] * SIZE + ["9"] * SIZE + ["10"] * SIZE + ["none"]


def test_each_batch_is_a_walk_around_its_ranks(dataset: ApiDataset) -> None:
    ranks = [int(name.split(":")[1]) for name in dataset.ids(client=dataset.annotator())[:SIZE]]
    steps = {(later - earlier) % SIZE for earlier, later in pairwise(ranks)}
    assert sorted(ranks) == list(range(SIZE))
    assert steps in ({1}, {SIZE - 1})


def test_an_order_stays_the_same(dataset: ApiDataset) -> None:
    annotator = dataset.annotator()
    assert dataset.ids(client=annotator) == dataset.ids(client=annotator)


def test_two_annotators_label_a_batch_without_doing_a_text_twice(dataset: ApiDataset) -> None:
    first, second = dataset.annotator(), dataset.annotator()
    labelled = []
    for _ in range(SIZE // 2):
        for annotator, page in [(who, dataset.ids(*PENDING, client=who, limit=1)) for who in (first, second)]:
            labelled.append(page[0])
            respond(annotator, server_id(dataset, page[0]), "human")
    assert sorted(labelled) == sorted(f"2:{rank}" for rank in range(SIZE))


def test_a_fast_and_a_slow_annotator_do_not_meet_before_the_batch_is_done(dataset: ApiDataset) -> None:
    slow, fast = dataset.annotator(), dataset.annotator()
    slow_text = dataset.ids(*PENDING, client=slow, limit=1)[0]
    for _ in range(SIZE - 1):
        [fast_text] = dataset.ids(*PENDING, client=fast, limit=1)
        assert fast_text != slow_text
        respond(fast, server_id(dataset, fast_text), "human")
    assert dataset.ids(*PENDING, client=slow)[0] == slow_text


def test_the_printed_links_sort_is_the_default_order(dataset: ApiDataset) -> None:
    annotator = dataset.annotator()
    sort = [by("metadata", metadata_property="batch")]
    assert dataset.ids(client=annotator, sort=sort) == dataset.ids(client=annotator)


def test_pages_follow_on_each_other(dataset: ApiDataset) -> None:
    whole, total = dataset.search(limit=100)
    pages = [dataset.search(offset=offset, limit=7) for offset in range(0, total, 7)]
    assert total == len(whole) == 3 * SIZE + 1
    assert [name for page, _ in pages for name in page] == whole
    assert {page_total for _, page_total in pages} == {total}


def test_the_owners_view_of_all_responses_is_in_the_order_of_ranks(dataset: ApiDataset) -> None:
    found = ok(dataset.client.post(f"/datasets/{dataset.id}/records/search", json={}))
    names = [item["record"]["external_id"] for item in found["items"]]
    assert names[:SIZE] == [f"2:{rank}" for rank in range(SIZE)]


def server_id(dataset: ApiDataset, name: str) -> str:
    body = {"filters": {"and": [terms("record", [name], property="external_id")]}}
    found = ok(dataset.client.post(f"/datasets/{dataset.id}/records/search", json=body))
    return str(found["items"][0]["record"]["id"])
