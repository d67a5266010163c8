"""The server is killed under a person who labels: the page says so, and no answer is lost."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.argilla_api import make_dataset, ok, record
from tests.support.argilla_server import ArgillaServer
from tests.support.browser import PATIENCE, AnnotatorPage

pytestmark = pytest.mark.timeout(600)
expect.set_options(timeout=PATIENCE)


def answers(server: ArgillaServer, dataset: str) -> dict[str, str]:
    """The labels of the texts that have one."""
    query: dict[str, str | int] = {"include": "responses", "limit": 100}
    items = ok(server.client().get(f"/datasets/{dataset}/records", params=query))["items"]
    return {
        item["fields"]["text"]: item["responses"][0]["values"]["label"]["value"]
        for item in items
        if item["responses"]
    }


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
