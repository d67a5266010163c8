"""Setting data sets up, and finding them."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.oracle.argilla import Argilla, Dataset, DatasetSpec, Rejected
from labelloop.oracle.argilla.new_record import METADATA
from labelloop.oracle.argilla.values import TITLES, dataset_spec
from tests.support.argilla_api import ok
from tests.support.argilla_server import ArgillaServer
from tests.support.messages import names, raises_naming
from tests.support.states import project


async def test_a_data_set_is_made_as_specified(
    argilla: Argilla, argilla_server: ArgillaServer, spec: DatasetSpec
) -> None:
    dataset = await argilla.ensure_dataset(replace(spec, min_submitted=2))

    assert (dataset.name, dataset.labels, dataset.min_submitted) == (spec.name, ("spam", "ham", "eggs"), 2)
    with argilla_server.client() as raw:
        made = raw.get(f"/datasets/{dataset.id}").json()
        (field,) = raw.get(f"/datasets/{dataset.id}/fields").json()["items"]
        (question,) = raw.get(f"/datasets/{dataset.id}/questions").json()["items"]
        metadata = raw.get(f"/me/datasets/{dataset.id}/metadata-properties").json()["items"]
    assert (made["status"], made["guidelines"], field["name"]) == ("ready", "Choose one.", "text")
    assert (question["name"], question["title"], question["required"]) == ("label", TITLES[spec.task], True)
    assert {item["name"]: (item["title"], item["settings"]["type"]) for item in metadata} == METADATA
    assert all(item["visible_for_annotators"] for item in metadata)


async def test_guidelines_that_an_older_labelloop_wrote_lose_their_html_and_edited_ones_stay(
    argilla: Argilla, argilla_server: ArgillaServer, spec: DatasetSpec
) -> None:
    hostile = replace(spec, guidelines="**Read** <img src=x>")
    path = f"/datasets/{(await argilla.ensure_dataset(hostile)).id}"

    async def after(written: str) -> str:
        with argilla_server.client() as raw:
            raw.patch(path, json={"guidelines": written}).raise_for_status()
            await argilla.ensure_dataset(hostile)
            return str(raw.get(path).json()["guidelines"])

    assert await after("**Read** <img src=x>") == "**Read** <\u2060img src=x>"
    assert await after("An <b>owner's</b> own words") == "An <b>owner's</b> own words"


async def test_guidelines_of_the_greatest_length_are_taken_with_tags_in_them(
    argilla: Argilla, argilla_server: ArgillaServer, spec: DatasetSpec
) -> None:
    dataset = await argilla.ensure_dataset(replace(spec, guidelines=("<b> ![x](y) " * 1000)[:10_000]))

    with argilla_server.client() as raw:
        written = raw.get(f"/datasets/{dataset.id}").json()["guidelines"]
    assert len(written) == 10_000
    assert "<b" not in written
    assert "![" not in written


async def test_making_it_again_finds_it(argilla: Argilla, spec: DatasetSpec) -> None:
    first = await argilla.ensure_dataset(spec)

    again = await argilla.ensure_dataset(spec)

    assert first == again == await argilla.find_dataset(spec.name, spec.workspace)


async def test_a_data_set_that_is_not_there_is_not_found(argilla: Argilla, name: str) -> None:
    assert await argilla.find_dataset(name, "labelloop") is None
    assert await argilla.find_dataset(name, f"workspace-{name}") is None


@pytest.mark.parametrize("made", ["dataset", "fields", "questions", "half of the metadata"])
async def test_a_set_up_that_was_cut_short_is_completed(
    argilla: Argilla, argilla_server: ArgillaServer, spec: DatasetSpec, name: str, made: str
) -> None:
    whole = await argilla.ensure_dataset(replace(spec, name=f"{name}-whole"))
    with argilla_server.client() as raw:
        half = set_up_partly(raw, whole.id, spec.name, made)
    assert await argilla.find_dataset(spec.name, spec.workspace) is None

    dataset = await argilla.ensure_dataset(spec)

    assert (dataset.id, dataset.labels) == (half, spec.labels)
    with argilla_server.client() as raw:
        metadata = raw.get(f"/me/datasets/{dataset.id}/metadata-properties").json()["items"]
    assert {item["name"] for item in metadata} == METADATA.keys()


async def test_of_those_who_make_it_at_once_one_makes_it(argilla: Argilla, name: str) -> None:
    spec = DatasetSpec(name, ("spam", "ham"), workspace=f"workspace-{name}")

    made = await asyncio.gather(*(argilla.ensure_dataset(spec) for _ in range(3)), return_exceptions=True)

    dataset = await argilla.ensure_dataset(spec)
    assert all(each == dataset or isinstance(each, Unavailable) for each in made)


async def test_other_labels_under_the_same_name_are_told(argilla: Argilla, spec: DatasetSpec) -> None:
    await argilla.ensure_dataset(spec)

    with raises_naming(UserError, f"'{spec.name}'") as told:
        await argilla.ensure_dataset(replace(spec, labels=("spam", "ham")))

    assert told.value.__cause__ is None, "Argilla has refused nothing"


@pytest.mark.parametrize("labels", [("only",), ("twice", "twice"), ("a", "b" * 201), ("a", "")])
async def test_labels_that_argilla_does_not_take_are_told(
    argilla: Argilla, spec: DatasetSpec, labels: tuple[str, ...]
) -> None:
    with raises_naming(UserError, f"'{spec.name}'") as told:
        await argilla.ensure_dataset(replace(spec, labels=labels))

    assert isinstance(told.value.__cause__, Rejected)


async def test_a_task_that_is_not_there_yet_is_told(argilla: Argilla, spec: DatasetSpec) -> None:
    with raises_naming(UserError, "'ranking'", "single-label"):
        await argilla.ensure_dataset(replace(spec, task="ranking"))


def set_up_partly(raw: httpx.Client, whole: str, name: str, upto: str) -> str:
    """Copy a data set under another name as far as `upto`, unpublished; its id."""
    workspace = raw.get(f"/datasets/{whole}").json()["workspace_id"]
    half = post(raw, "/datasets", {"name": name, "workspace_id": workspace})
    steps = ["dataset", "fields", "questions", "half of the metadata"]
    for kind in steps[1 : steps.index(upto) + 1]:
        route = "metadata-properties" if "metadata" in kind else kind
        scope = "/me" if "metadata" in kind else ""
        items = raw.get(f"{scope}/datasets/{whole}/{route}").json()["items"]
        for item in items[: 2 if "metadata" in kind else None]:
            settings = {key: value for key, value in item["settings"].items() if value is not None}
            wanted = {key: item[key] for key in ("name", "title", "required") if key in item}
            post(raw, f"/datasets/{half}/{route}", {**wanted, "settings": settings})
    return half


def post(raw: httpx.Client, path: str, body: dict[str, Any]) -> str:
    return str(raw.post(path, json=body).raise_for_status().json()["id"])


COLUMNS = project(
    text_columns=("Subject", "body"),
    shown_columns=("<b>from</b>",),
    metadata_columns={"team": "terms", "batch": "integer", "hours": "float"},
)


async def test_a_data_set_has_a_field_for_each_column_and_its_metadata(
    argilla: Argilla, argilla_server: ArgillaServer, name: str
) -> None:
    dataset = await argilla.ensure_dataset(dataset_spec(name, COLUMNS))

    with argilla_server.client() as raw:
        fields = raw.get(f"/datasets/{dataset.id}/fields").json()["items"]
        metadata = raw.get(f"/me/datasets/{dataset.id}/metadata-properties").json()["items"]
    assert [(field["name"], field["title"], field["required"]) for field in fields] == [
        ("subject", "Subject", False),
        ("body", "body", False),
        ("b_from_b", "<b>from</b>", False),
    ]
    assert {item["name"]: (item["title"], item["settings"]["type"]) for item in metadata} == {
        **METADATA,
        "team": ("team", "terms"),
        "batch_2": ("batch", "integer"),
        "hours": ("hours", "float"),
    }


async def test_a_set_up_that_ended_between_fields_goes_on_in_their_order(
    argilla: Argilla, argilla_server: ArgillaServer, spec: DatasetSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(spec, fields={"subject": "Subject", "body": "body", "from": "from"})
    post, posted = Argilla._post, list[str]()

    async def dies(self: Argilla, path: str, body: dict[str, Any]) -> None:
        if len(posted) == 2:
            raise Unavailable("killed")
        posted.append(path)
        await post(self, path, body)

    with monkeypatch.context() as patched:
        patched.setattr(Argilla, "_post", dies)
        with pytest.raises(Unavailable):
            await argilla.ensure_dataset(asked)

    dataset = await argilla.ensure_dataset(asked)

    with argilla_server.client() as raw:
        fields = raw.get(f"/datasets/{dataset.id}/fields").json()["items"]
    assert [field["name"] for field in fields] == ["subject", "body", "from"]


async def test_an_earlier_data_set_tells_people_of_the_newest_one_alone(
    argilla: Argilla, dataset: Dataset, argilla_server: ArgillaServer
) -> None:
    for place in (1, 2, 2):
        newer = replace(dataset, id=str(uuid4()), name=f"{dataset.name}-v{place + 1}")
        await argilla.point_to(dataset.name, dataset.workspace, newer)

    with argilla_server.client() as client:
        told = ok(client.get(f"/datasets/{dataset.id}"))["guidelines"]

    assert names(told, newer.name, "Choose one.")
    assert not names(told, f"{dataset.name}-v2")


async def test_the_link_of_an_earlier_data_set_opens_the_newest_one_that_is_there(
    argilla: Argilla, dataset: Dataset, spec: DatasetSpec, argilla_server: ArgillaServer
) -> None:
    second = await argilla.ensure_dataset(replace(spec, name=f"{spec.name}-v2"))
    await argilla.point_to(dataset.name, dataset.workspace, second)
    await argilla.point_to(second.name, second.workspace, replace(second, id=str(uuid4())))

    async with httpx.AsyncClient(base_url=argilla_server.url) as browser:
        opened = await browser.get(f"/dataset/{dataset.id}/annotation-mode")
        itself = await browser.get(f"/dataset/{second.id}/annotation-mode")

    assert opened.headers["Location"].endswith(f"/dataset/{second.id}/annotation-mode")
    assert "Location" not in itself.headers
