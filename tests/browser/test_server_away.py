"""The server is killed under a person who labels: the page says so, and no answer is lost."""

import secrets
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.argilla_api import ApiDataset, make_dataset, ok, record, respond
from tests.support.argilla_server import ArgillaServer
from tests.support.browser import PATIENCE, AnnotatorPage
from tests.support.command import eventually

pytestmark = pytest.mark.timeout(600)
expect.set_options(timeout=PATIENCE)

LATER_MS = 10_000
FILL = """() => {
  for (let size = 2 ** 22; size >= 1; size /= 2) {
    try {
      for (let each = 0; ; each++) localStorage.setItem(`filler ${size} ${each}`, "x".repeat(size));
    } catch {}
  }
}"""


def answers(server: ArgillaServer, dataset: str) -> dict[str, str]:
    """The labels of the texts that have one."""
    query: dict[str, str | int] = {"include": "responses", "limit": 100}
    items = ok(server.client().get(f"/datasets/{dataset}/records", params=query))["items"]
    return {
        item["fields"]["text"]: item["responses"][0]["values"]["label"]["value"]
        for item in items
        if item["responses"]
    }


def new_login(dataset: ApiDataset, name: str) -> tuple[str, str]:
    """The name and password of a new annotator of the data set."""
    username, password = f"{name}-{secrets.token_hex(4)}", secrets.token_hex(8)
    person = {"username": username, "first_name": name, "role": "annotator", "password": password}
    user = ok(dataset.client.post("/users", json=person))
    ok(dataset.client.post(f"/workspaces/{dataset.workspace}/users", json={"user_id": user["id"]}))
    return username, password


def user_of(dataset: ApiDataset, name: str) -> dict[str, Any]:
    users = ok(dataset.client.get("/users"))["items"]
    return dict(next(user for user in users if user["username"] == name))


def labelling(
    browser: Browser, server: ArgillaServer, dataset: ApiDataset, name: str, password: str
) -> AnnotatorPage:
    """A person who has logged in and sees the first text. The page's clock can be put on."""
    person = AnnotatorPage(browser, server.url)
    person.page.clock.install()
    person.log_in(name, password)
    person.open(f"{server.url}/dataset/{dataset.id}/annotation-mode")
    return person


@pytest.mark.all_cells
def test_an_answer_that_the_server_missed_is_told_kept_and_sent_when_it_is_back(
    browser: Browser, own_argilla_server: ArgillaServer
) -> None:
    server = own_argilla_server
    dataset = make_dataset(server.client())
    dataset.put([record(0, rank, f"text {rank}") for rank in range(6)])
    ada = AnnotatorPage(browser, server.url)
    ada.log_in(server.login.username, server.login.password)
    ada.open(f"{server.url}/dataset/{dataset.id}/annotation-mode")
    kept = ada.page.locator("#labelloop-kept")
    given = {ada.press("1"): "human"}

    server.kill()
    missed = ada.text
    ada.page.keyboard.press("2")

    expect(kept).to_contain_text("1 answer is kept in this browser")
    server.start()
    with ada.page.expect_navigation():
        pass
    given[missed] = "location"
    ada.texts.first.wait_for()
    expect(kept).to_have_count(0)
    assert answers(server, dataset.id) == given
    while len(given) < 6:
        assert ada.text not in given
        given[ada.text] = "number"
        ada.answer_last("3")
    assert answers(server, dataset.id) == given
    ada.page.context.close()


@pytest.mark.all_cells
def test_a_newer_answer_of_the_same_person_stays_and_the_page_says_so(
    browser: Browser, argilla_server: ArgillaServer
) -> None:
    dataset = make_dataset(argilla_server.client())
    ids = dataset.put([record(0, rank, f"text {rank}") for rank in range(2)])
    name, password = new_login(dataset, "ada")
    ada = labelling(browser, argilla_server, dataset, name, password)
    missed = ada.text
    ada.page.context.set_offline(True)
    ada.page.keyboard.press("2")
    expect(ada.page.locator("#labelloop-kept")).to_contain_text("1 answer is kept")

    key = user_of(dataset, name)["api_key"]
    respond(argilla_server.client(key), ids[int(missed[-1])], "number")
    ada.page.context.set_offline(False)
    with ada.page.expect_navigation():
        ada.page.clock.fast_forward(LATER_MS)

    ada.page.clock.fast_forward(LATER_MS)
    refused = ada.page.locator("#labelloop-refused")
    expect(refused).to_contain_text("1 kept answer was not used")
    assert answers(argilla_server, dataset.id) == {missed: "number"}
    refused.get_by_role("button").click()
    expect(refused).to_have_count(0)
    ada.page.context.close()


@pytest.mark.all_cells
def test_an_answer_given_after_the_session_ended_is_sent_when_its_giver_logs_in_again(
    browser: Browser, argilla_server: ArgillaServer
) -> None:
    dataset = make_dataset(argilla_server.client())
    dataset.put([record(0, rank, f"text {rank}") for rank in range(2)])
    (name, password), bob = new_login(dataset, "ada"), new_login(dataset, "bob")
    shared = labelling(browser, argilla_server, dataset, name, password)
    kept = shared.page.locator("#labelloop-kept")
    missed = shared.text

    password = secrets.token_hex(8)
    ok(dataset.client.patch(f"/users/{user_of(dataset, name)['id']}", json={"password": password}))
    with shared.page.expect_response(lambda response: response.status == 401):
        shared.page.keyboard.press("2")
    expect(kept).to_contain_text("1 answer is kept")

    shared.log_in(*bob)
    shared.page.clock.fast_forward(LATER_MS)
    shared.page.wait_for_load_state("networkidle")
    expect(kept).to_have_count(0)
    assert answers(argilla_server, dataset.id) == {}
    shared.log_out()
    shared.log_in(name, password)
    shared.page.clock.fast_forward(LATER_MS)
    eventually(lambda: answers(argilla_server, dataset.id) == {missed: "location"}, "the answer is sent")
    shared.page.context.close()


def test_a_kept_answer_is_sent_by_its_giver_only_where_several_use_the_browser(
    browser: Browser, argilla_server: ArgillaServer
) -> None:
    dataset = make_dataset(argilla_server.client())
    dataset.put([record(0, rank, f"text {rank}") for rank in range(3)])
    ada, bob = new_login(dataset, "ada"), new_login(dataset, "bob")
    shared = labelling(browser, argilla_server, dataset, *ada)
    kept = shared.page.locator("#labelloop-kept")

    missed = shared.text
    shared.page.context.set_offline(True)
    shared.page.keyboard.press("2")
    expect(kept).to_contain_text("1 answer is kept in this browser")
    shared.log_out()
    shared.page.context.set_offline(False)

    shared.log_in(*bob)
    shared.page.clock.fast_forward(LATER_MS)
    shared.page.wait_for_load_state("networkidle")
    shared.log_out()
    shared.log_in(*ada)
    shared.page.clock.fast_forward(LATER_MS)
    eventually(lambda: answers(argilla_server, dataset.id) == {missed: "location"}, "the answer is sent")
    progress = ok(dataset.client.get(f"/datasets/{dataset.id}/users/progress"))["users"]
    assert [person["username"] for person in progress] == [ada[0]]
    shared.page.context.close()


@pytest.mark.all_cells
def test_a_full_browser_keeps_an_answer_while_the_page_is_open_and_says_so(
    browser: Browser, argilla_server: ArgillaServer
) -> None:
    dataset = make_dataset(argilla_server.client())
    dataset.put([record(0, rank, f"text {rank}") for rank in range(2)])
    ada = labelling(browser, argilla_server, dataset, *new_login(dataset, "ada"))
    missed = ada.text
    ada.page.evaluate(FILL)
    ada.page.context.set_offline(True)
    ada.page.keyboard.press("2")

    kept = ada.page.locator("#labelloop-kept")
    expect(kept).to_contain_text("1 answer is kept")
    expect(kept).to_contain_text("Leave this page open")
    ada.page.context.set_offline(False)
    with ada.page.expect_navigation():
        ada.page.clock.fast_forward(LATER_MS)
    assert answers(argilla_server, dataset.id) == {missed: "location"}
    ada.page.context.close()


@pytest.mark.all_cells
@pytest.mark.parametrize(
    "damage",
    [
        "{half",
        "null",
        "[1, null]",
        '{"a": null, "b": {"given": "soon"}}',
        '{"a": {"given": 1, "method": "POST", "path": "/api/v1/users", "body": "{}"}}',
        '{"a": {"given": 1, "method": "PUT", "path": "//127.0.0.1:1/api/v1/responses/a", "body": "{}"}}',
    ],
)
def test_what_is_damaged_in_the_browser_does_not_stand_in_the_way_of_an_answer(
    browser: Browser, argilla_server: ArgillaServer, damage: str
) -> None:
    dataset = make_dataset(argilla_server.client())
    dataset.put([record(0, rank, f"text {rank}") for rank in range(2)])
    name, password = new_login(dataset, "ada")
    ada = labelling(browser, argilla_server, dataset, name, password)
    missed = ada.text
    place = f"labelloop.answers.{user_of(dataset, name)['id']}"
    ada.page.evaluate("([place, damage]) => localStorage.setItem(place, damage)", [place, damage])
    ada.page.context.set_offline(True)
    ada.page.keyboard.press("2")

    expect(ada.page.locator("#labelloop-kept")).to_contain_text("1 answer is kept")
    ada.page.context.set_offline(False)
    with ada.page.expect_navigation():
        ada.page.clock.fast_forward(LATER_MS)
    assert answers(argilla_server, dataset.id) == {missed: "location"}
    ada.page.context.close()
