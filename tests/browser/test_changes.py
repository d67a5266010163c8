"""What people see of changed settings, in the browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import LogIn, Served, aside, new_annotator
from tests.support.browser import AnnotatorPage
from tests.support.command import eventually
from tests.support.loop import Loop, texts
from tests.support.people import Owner


def lists(person: AnnotatorPage, project: str) -> bool:
    """Whether a person's home page lists a project."""
    person.page.goto(person.url)
    person.page.get_by_text("Your datasets").wait_for()
    person.page.wait_for_load_state("networkidle")
    return project in person.page.inner_text("body")


@pytest.mark.all_cells
def test_only_a_projects_own_annotators_find_it_on_their_home_page(served: Served, log_in: LogIn) -> None:
    options = ("--classifier", "linear", "--batch-size", 5, "--annotators", "bob")
    file = ("--dataset", served.home.parent / "mail.csv", "--text-column", "body", "--labels", "spam,ham")
    made = aside("init", "--home", served.home, "--name", "private", *file, *options, "--json")
    project = json.loads(made.stdout)["project"]
    eventually(
        lambda: "bob" in aside("annotators", "list", "--home", served.home).stdout, "bob has an account"
    )
    password = aside("annotators", "password", "bob", "--home", served.home, "--json").stdout
    served.passwords["bob"] = json.loads(password)["password"]
    ada, bob = log_in("ada"), log_in("bob")

    eventually(lambda: lists(bob, project), "bob finds it")
    assert not lists(ada, project)
    aside("change", "private", "--annotators", "ada", "--home", served.home)
    eventually(lambda: lists(ada, project), "ada finds it")
    assert not lists(bob, project)


@pytest.mark.all_cells
def test_changed_guidelines_are_read_beside_the_texts_as_text(
    loop: Loop, browser: Browser, tmp_path: Path
) -> None:
    guidelines = tmp_path / "guidelines.md"
    guidelines.write_text(
        "Spam asks for money. <img src=x onerror=\"document.title='run'\">", encoding="utf-8"
    )
    project = loop.create(texts(3), batch_size=3, max_batches=1)
    owner = Owner(loop.argilla, project)
    loop.until(lambda: len(owner.records(0)) == 3)
    ada = new_annotator(browser, loop.argilla)

    where = ("--log", loop.settings.log, "--store", loop.settings.store)
    aside("change", project, "--guidelines", guidelines, *where)

    def shown() -> bool:
        ada.page.goto(f"{loop.argilla.url}/dataset/{owner.dataset()}/annotation-mode")
        ada.page.get_by_text("Guidelines", exact=True).first.click()
        found = ada.page.locator(".markdown-render")
        found.first.wait_for()
        return "Spam asks for money. <img" in found.first.inner_text().replace("\N{WORD JOINER}", "")

    eventually(shown, "the new guidelines are there")
    assert ada.page.title() != "run"
    ada.page.context.close()
