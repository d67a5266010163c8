"""Texts with several labels, or none of them, at the real server."""

from dataclasses import replace

import pytest

from labelloop.errors import UserError
from labelloop.loop.labels import NONE
from labelloop.oracle.argilla import Argilla, Dataset, DatasetSpec, NewResponse, Rejected, Suggestion
from labelloop.oracle.argilla.oracle import ArgillaProject
from labelloop.oracle.base import AskedText, Prediction
from schemas.parts import MULTI_LABEL
from tests.integration.oracle.argilla.conftest import text
from tests.support.argilla_server import ArgillaServer
from tests.support.messages import raises_naming
from tests.support.states import project, queried, state_of

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def spec(name: str) -> DatasetSpec:
    return DatasetSpec(name, ("spam", "ham", HOSTILE), task=MULTI_LABEL)


async def test_people_choose_any_label_or_that_none_fits(
    argilla: Argilla, dataset: Dataset, argilla_server: ArgillaServer
) -> None:
    (question,) = argilla_server.client().get(f"/datasets/{dataset.id}/questions").json()["items"]
    guidelines = argilla_server.client().get(f"/datasets/{dataset.id}").json()["guidelines"]

    assert (dataset.labels, dataset.task) == (("spam", "ham", HOSTILE), MULTI_LABEL)
    assert question["settings"]["type"] == "multi_label_selection"
    assert [option["value"] for option in question["settings"]["options"]] == [*dataset.labels, NONE]
    assert question["title"] == "Which labels fit?"
    assert NONE in guidelines


async def test_a_data_set_of_the_other_kind_is_not_taken(argilla: Argilla, spec: DatasetSpec) -> None:
    await argilla.ensure_dataset(spec)

    assert (await argilla.ensure_dataset(spec)).is_multi_label
    with raises_naming(UserError, spec.name, "another question"):
        await argilla.ensure_dataset(replace(spec, task="single-label", labels=(*spec.labels, NONE)))


@pytest.mark.parametrize(
    "suggestion",
    [
        Suggestion(("ham", "spam"), None, "model 3", (0.9, 0.6)),
        Suggestion((), None, "model 3", (0.7,)),
        Suggestion((HOSTILE,), None, "model 3"),
    ],
)
async def test_a_suggestion_of_several_labels_or_none_is_read_as_written(
    argilla: Argilla, dataset: Dataset, suggestion: Suggestion
) -> None:
    await argilla.put_records(dataset, [replace(text(0, 7), suggestion=suggestion)])

    (record,) = await argilla.records(dataset)
    assert record.suggestion == suggestion


@pytest.mark.parametrize("labels", [("ham", "spam"), (HOSTILE,), ()])
async def test_an_answer_is_read_as_given_and_put_back_as_it_was(
    argilla: Argilla, dataset: Dataset, argilla_server: ArgillaServer, labels: tuple[str, ...]
) -> None:
    await argilla.put_records(dataset, [text(0, 7), text(0, 8)])
    one = next(record for record in await argilla.records(dataset) if record.external_id == "0:7")
    me = (await argilla.me()).id

    await argilla.respond(one.id, labels, task=dataset.task)
    put_back = replace(text(0, 8), responses=(NewResponse(me, "submitted", labels),))
    await argilla.put_records(dataset, [put_back])

    found = {record.external_id: record for record in await argilla.records(dataset)}
    assert [found[name].responses[0].labels for name in ("0:7", "0:8")] == [labels, labels]
    assert [found[name].status for name in ("0:7", "0:8")] == ["completed", "completed"]


async def test_who_discards_without_a_choice_has_not_said_that_none_fits(
    argilla: Argilla, dataset: Dataset
) -> None:
    await argilla.put_records(dataset, [text(0, 7)])
    (record,) = await argilla.records(dataset)

    await argilla.respond(record.id, (), "discarded", dataset.task)

    (after,) = await argilla.records(dataset)
    assert (after.responses[0].status, after.responses[0].labels) == ("discarded", ())


async def test_a_label_that_is_none_is_rejected(argilla: Argilla, dataset: Dataset) -> None:
    await argilla.put_records(dataset, [text(0, 7)])
    (record,) = await argilla.records(dataset)

    with pytest.raises(Rejected):
        await argilla.respond(record.id, ("eggs",), task=dataset.task)


async def test_a_project_shows_predictions_and_sees_votes_in_the_order_of_its_labels(
    argilla: Argilla, name: str, argilla_server: ArgillaServer
) -> None:
    created = project(task=MULTI_LABEL)
    batch = state_of(created, queried()).batches["0"]
    records = ArgillaProject(argilla, name)
    await records.set_up(created)
    asked = [
        AskedText("0", 0, item, item, f"text {item}", suggestion=predicted)
        for item, predicted in enumerate(
            [Prediction(("news", "spam"), 0.9, "0", (0.9, 0.5)), Prediction((), 0.25, "0"), None]
        )
    ]

    await records.put(asked)

    shown = await argilla.records(
        await argilla.ensure_dataset(DatasetSpec(name, created.labels, task=MULTI_LABEL))
    )
    suggested = {record.external_id: record.suggestion for record in shown}
    assert suggested["0:0"] == Suggestion(("news", "spam"), None, "model-0", (0.9, 0.5))
    assert suggested["0:1"] == Suggestion((), None, "model-0", (0.75,))
    assert suggested["0:2"] is None
    for record, labels in zip(shown, [("news", "spam"), (), (NONE, "ham")], strict=True):
        body = {
            "record_id": record.id,
            "status": "submitted",
            "values": {"label": {"value": [*labels] or [NONE]}},
        }
        argilla_server.client().post("/me/responses/bulk", json={"items": [body]}).raise_for_status()
    records.forget()
    seen = await records.seen(batch)
    assert seen is not None
    given = {
        shown_id: seen[int(shown_id.partition(":")[2])].votes[0].labels for shown_id in suggested if shown_id
    }
    assert sorted(given.values()) == [(), ("ham",), ("spam", "news")]
