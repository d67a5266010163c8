"""Each column of a text is on Argilla's page as it was given, and people filter by further columns.

The page's content security policy is off: a column must do no harm on an Argilla that sends none.
"""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import new_annotator
from tests.support.attacks import Attacker
from tests.support.browser import PATIENCE, AnnotatorPage
from tests.support.loop import Loop
from tests.support.people import Owner
from tests.support.states import LABELS

pytestmark = pytest.mark.timeout(600)
expect.set_options(timeout=PATIENCE)


def test_people_see_each_column_filter_by_metadata_and_label(
    loop: Loop, browser: Browser, attacker: Attacker
) -> None:
    image = f"<img src=x onerror='{attacker.steal('column')}'>"
    team, shown = "team <img src=x>", "from <img src=x>"
    kept: dict[str, list[str | None]] = {
        "subject": ["Refund", f"Where is {image}?", None, "Password"],
        "body": ["<b>Please</b>\n  send it back", "&amp; when?", f"Hello {image}", "Lost"],
        shown: ["ann", f"<script>{attacker.steal('script')}</script>bob", None, "eve"],
        team: ["North", f"South {image}", f"South {image}", None],
        "priority": ["1", "2", "3", None],
    }
    project = loop.create(
        [(f"text {item}", None) for item in range(4)],
        kept_columns=kept,
        text_columns=("subject", "body"),
        shown_columns=(shown,),
        metadata_columns={team: "terms", "priority": "integer"},
        labels=LABELS,
        batch_size=4,
        max_batches=1,
    )
    owner = Owner(loop.argilla, project)
    loop.until(lambda: len(owner.records(0)) == 4)
    link = f"{loop.argilla.url}/dataset/{owner.dataset()}/annotation-mode"
    given = {
        item: {name: kept[name][item] for name in ("subject", "body", shown) if kept[name][item] is not None}
        for item in range(4)
    }

    ada = new_annotator(browser, loop.argilla, policy=False)
    ada.open(link)
    ada.filter_by_term(team, f"South {image}")
    expect(ada.page.locator(".pagination__info")).to_contain_text("of 2")
    found = [ada.columns]
    ada.page.locator(".pagination button").last.click()
    expect(ada.page.locator(".pagination__info")).to_contain_text("2 of 2")
    expect(ada.columns_shown).to_have_count(4 - len(found[0]))
    found.append(ada.columns)
    assert sorted(found, key=len) == [given[2], given[1]]
    assert ada.metadata()["team_img_src_x"] == f"South {image}"

    ada.page.get_by_text(LABELS[1], exact=True).first.click()
    ada.page.get_by_role("button", name="Submit").click()
    loop.wait(project, lambda state: state.batches["0"].answers)
    (answered,) = [answer.item for answer in loop.state(project).batches["0"].answers if answer.votes]
    assert given[answered] == found[1]

    see_all_settings(loop, browser, link)
    assert ada.page.locator("img[src=x]").count() == 0
    assert (ada.asked_elsewhere(), attacker.heard) == ([], [])
    ada.page.context.close()


def see_all_settings(loop: Loop, browser: Browser, link: str) -> None:
    """The owner looks at the fields and the metadata of the data set."""
    owner = AnnotatorPage(browser, loop.argilla.url, policy=False)
    owner.log_in(loop.argilla.login.username, loop.argilla.login.password)
    owner.page.goto(link.replace("annotation-mode", "settings"))
    for tab in ("Fields", "Metadata"):
        owner.page.get_by_text(tab, exact=True).first.click()
        owner.page.locator("input[id='metadata.title'], .settings__edition-form input").first.wait_for()
    assert owner.page.locator("img[src=x]").count() == 0
    assert owner.asked_elsewhere() == []
    owner.page.context.close()
