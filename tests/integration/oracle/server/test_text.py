"""Text search through the API; its language is tested without a server."""

import pytest

from labelloop.oracle.escaping import MARK, escaped
from tests.support.argilla_api import ApiDataset, make_dataset, record
from tests.support.argilla_server import ArgillaServer

TEXTS = [
    "Who wrote The Trial?",
    "WHO built the Trevi fountain in Rome",
    "What does the abbreviation W.H.O. stand for?",
    "Où est né Émile Zola ?",
]


@pytest.fixture(scope="module")
def dataset(argilla_server: ArgillaServer) -> ApiDataset:
    dataset = make_dataset(argilla_server.client())
    dataset.put([record(0, rank, text) for rank, text in enumerate(TEXTS)])
    return dataset


@pytest.mark.parametrize(
    ("query", "ranks"),
    [
        ("who", [0, 1]),
        ("the who", [0, 1]),
        ("rome fountain", [1]),
        ("fount", []),
        ("fount*", [1]),
        ('"the trial"', [0]),
        ("the -who", [2]),
        ("émile", [3]),
        ("ÉMILE ZOLA", [3]),
        ("rome | zola", [1, 3]),
        ("?", []),
    ],
)
def test_a_text_query_finds(dataset: ApiDataset, query: str, ranks: list[int]) -> None:
    names, total = dataset.search(text=query)
    assert (sorted(names), total) == ([f"0:{rank}" for rank in ranks], len(ranks))


def test_a_query_of_one_field(dataset: ApiDataset) -> None:
    assert dataset.ids(text={"q": "zola", "field": "text"}) == ["0:3"]


def test_an_unknown_field_is_refused(dataset: ApiDataset) -> None:
    body = {"query": {"text": {"q": "zola", "field": "title"}}}
    assert dataset.client.post(f"/me/datasets/{dataset.id}/records/search", json=body).status_code == 422


def test_an_escaped_text_is_searched_as_people_see_it(argilla_server: ArgillaServer) -> None:
    dataset = make_dataset(argilla_server.client())
    literal = {"metadata": MARK}
    texts = ["R&D <lunch>", "the lt and the amp", "x &lt; y"]
    dataset.put([record(0, rank, escaped(text), **literal) for rank, text in enumerate(texts)])

    found = {query: sorted(dataset.ids(text=query)) for query in ("d", "lunch", "amp", "lt", "gt", '"r d"')}

    one, two, three = ("0:0", "0:1", "0:2")
    assert found == {"d": [one], "lunch": [one], "amp": [two], "lt": [two, three], "gt": [], '"r d"': [one]}
