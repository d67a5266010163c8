"""Who opens the old data set after the labels changed comes to the new one, where every label is text."""

import pytest
from playwright.sync_api import Browser, expect

from labelloop.oracle.argilla.values import data_set_name
from schemas import events as e
from tests.browser.conftest import new_annotator
from tests.support.browser import PATIENCE
from tests.support.loop import Loop
from tests.support.people import Owner
from tests.support.states import LABELS

pytestmark = pytest.mark.timeout(600)
expect.set_options(timeout=PATIENCE)
HOSTILE = "<img src=x onerror=\"document.title='run'\"> & bill"


@pytest.mark.all_cells
def test_the_old_link_and_the_home_page_open_the_new_data_set_with_the_new_labels(
    loop: Loop, browser: Browser
) -> None:
    texts = [(f"text {item}", None) for item in range(3)]
    project = loop.create(texts, labels=LABELS, batch_size=3, max_batches=1)
    old, new = Owner(loop.argilla, project), Owner(loop.argilla, data_set_name(project, 1))
    loop.until(lambda: len(old.records(0)) == 3)
    link = f"{loop.argilla.url}/dataset/{old.dataset()}/annotation-mode?sort=metadata.batch.asc"
    ada = new_annotator(browser, loop.argilla)
    ada.open(link)
    assert ada.labels == list(LABELS)
    ada.press("1")
    loop.wait(project, lambda state: state.batches["0"].answered == 1)

    names = (HOSTILE, *LABELS[1:], "refund")
    loop.append(project, e.LabelsChanged(request="1", who="ann", number=1, names=names))
    loop.until(lambda: sum(bool(record["responses"]) for record in new.records(0).values()) == 1)
    ada.open(link)

    assert f"/dataset/{new.dataset()}/" in ada.page.url
    assert ada.labels == list(names)
    assert ada.page.title() != "run"
    expect(ada.page.locator(".pagination__info")).to_contain_text("of 2")
    ada.page.goto(loop.argilla.url)
    ada.page.get_by_text(project, exact=True).click()
    ada.page.wait_for_url(f"**/dataset/{new.dataset()}/**")
    ada.page.wait_for_load_state("networkidle")
    ada.press("4")
    state = loop.wait(project, lambda state: state.batches["0"].answered == 2)
    given = [vote.labels for answer in state.batches["0"].answers for vote in answer.votes]
    assert sorted(given) == sorted([LABELS[:1], ("refund",)])
