"""Argilla's own Python SDK on the embedded server."""

from typing import Any

import pytest

from tests.support.argilla_server import ArgillaServer

rg = pytest.importorskip("argilla")


@pytest.fixture(scope="module")
def client(argilla_server: ArgillaServer) -> Any:
    return rg.Argilla(api_url=argilla_server.url, api_key=argilla_server.login.api_key)


@pytest.fixture(scope="module")
def dataset(client: Any) -> Any:
    rg.Workspace(name="sdk", client=client).create()
    settings = rg.Settings(
        fields=[rg.TextField("text")],
        questions=[rg.LabelQuestion("label", labels=["human", "number"])],
        metadata=[rg.IntegerMetadataProperty("batch"), rg.TermsMetadataProperty("reason")],
    )
    dataset = rg.Dataset("questions", workspace="sdk", settings=settings, client=client).create()
    dataset.records.log(
        [
            rg.Record(
                fields={"text": f"question {n}"},
                id=f"{n % 2}:{n}",
                metadata={"batch": n % 2, "reason": "audit" if n == 3 else "uncertain"},
                suggestions=[rg.Suggestion("label", "human", score=n / 10, agent="model-1")],
            )
            for n in range(6)
        ]
    )
    return dataset


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (("metadata.batch", "==", 1), {"1:1", "1:3", "1:5"}),
        (("metadata.batch", "in", [0, 1]), {"0:0", "1:1", "0:2", "1:3", "0:4", "1:5"}),
        (("metadata.batch", "<=", 0), {"0:0", "0:2", "0:4"}),
        (("metadata.reason", "==", "audit"), {"1:3"}),
        (("label.score", ">=", 0.4), {"0:4", "1:5"}),
        (("id", "==", "0:2"), {"0:2"}),
        (("status", "==", "pending"), {"0:0", "1:1", "0:2", "1:3", "0:4", "1:5"}),
        (("response.status", "==", "submitted"), set()),
    ],
)
def test_a_filter_finds(dataset: Any, condition: tuple[str, str, Any], found: set[str]) -> None:
    query = rg.Query(filter=rg.Filter(condition))
    assert {record.id for record in dataset.records(query)} == found


def test_a_text_query_finds(dataset: Any) -> None:
    assert [record.id for record in dataset.records(rg.Query(query="QUESTION 4"))] == ["0:4"]


def test_an_export_has_every_record_once(dataset: Any) -> None:
    exported = dataset.records(with_suggestions=True, with_responses=True).to_list(flatten=True)
    assert sorted(row["id"] for row in exported) == ["0:0", "0:2", "0:4", "1:1", "1:3", "1:5"]
    assert {row["label.suggestion"] for row in exported} == {"human"}


def test_progress_is_counted(dataset: Any) -> None:
    progress = dataset.progress()
    assert (progress["total"], progress["completed"], progress["pending"]) == (6, 0, 6)
