"""What on Argilla's page would need the Hugging Face Hub, and leads nowhere on ours."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.argilla_api import make_dataset, record
from tests.support.argilla_server import ArgillaServer
from tests.support.browser import AnnotatorPage

pytestmark = [pytest.mark.all_cells, pytest.mark.timeout(600)]


def test_the_owner_is_offered_nothing_that_needs_the_hub(
    browser: Browser, argilla_server: ArgillaServer
) -> None:
    dataset = make_dataset(argilla_server.client())
    dataset.put([record(0, 0)])
    owner = AnnotatorPage(browser, argilla_server.url)
    login = argilla_server.login

    owner.log_in(login.username, login.password)
    importing = owner.page.locator(".import-from-hub")
    importing.first.wait_for(state="attached")
    expect(importing.first).to_be_hidden()
    owner.open(f"{argilla_server.url}/dataset/{dataset.id}/annotation-mode")
    exporting = owner.page.locator(".export-to-hub")
    exporting.first.wait_for(state="attached")
    expect(exporting.first).to_be_hidden()
    owner.page.context.close()
