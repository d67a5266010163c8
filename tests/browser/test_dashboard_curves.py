"""The learning curve in a real browser: one point, and what-if played beside it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from labelloop.config.home import Home, open_home
from schemas.events import EventData
from schemas.parts import BaseModelChoice, Choice
from tests.browser.conftest import aside
from tests.support.browser import PATIENCE
from tests.support.dashboard_process import a_dashboard
from tests.support.homes import home_with
from tests.support.predictions_recorded import snapshot
from tests.support.states import (
    PROJECT,
    all_answered,
    audited,
    checked,
    evaluated,
    project,
    queried,
    trained,
)
from tests.support.tiny_bert import TINY

pytestmark = pytest.mark.timeout(600)
expect.set_options(timeout=PATIENCE)

TEXTS = tuple(f"what is number {number}" for number in range(12))
PLAYED, ITS_CLASSIFIER, USUAL = "random-sampling", "linear", "transformer"


def a_home(path: Path, *facts: EventData) -> Home:
    """A home with two batches of three labelled texts, a test set, and these facts."""
    home = open_home(path)
    pool, test = snapshot(home.store, *TEXTS), snapshot(home.store, *TEXTS[:6])
    model, classifier = BaseModelChoice(name=str(TINY)), Choice(name=USUAL)
    created = project(
        pool=pool, test=test, model=model, classifier=classifier, stopping=Choice(name="kappa-average")
    )
    batches = (queried(), all_answered(), queried("1", range(3, 6)), all_answered("1", range(3, 6)))
    home_with(path, created, *batches, *facts)
    return home


@contextmanager
def charts(home: Home, browser: Browser, state: Path) -> Iterator[Page]:
    """The page of the home's project."""
    with (
        a_dashboard(home.log_url, state, LABELLOOP_STORE=str(home.store)) as dashboard,
        browser.new_context() as person,
    ):
        page = person.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(dashboard.link)
        page.goto(f"{dashboard.url}/projects/{PROJECT}")
        yield page


def test_a_chart_of_one_value_shows_it_above_its_numbers(browser: Browser, tmp_path: Path) -> None:
    facts = (trained("0", {"0": 0}), evaluated("0"), audited("0", batches=("0",)), checked("0", value=0.25))
    with ThreadPoolExecutor(1) as beside_playwright:
        home = beside_playwright.submit(a_home, tmp_path / "home", *facts).result()
    with charts(home, browser, tmp_path / "state") as page:
        for chart, values in (("curve", ("50.0 %", "75.0 %")), ("stopping", ("0.250",))):
            drawing = page.locator(f"#drawing-{chart} svg")
            for value in values:
                expect(drawing.get_by_text(value, exact=True)).to_be_visible()
            drawn, numbers = drawing.bounding_box(), page.locator(f"#chart-{chart} .numbers").bounding_box()
            assert drawn is not None
            assert numbers is not None
            assert drawn["y"] + drawn["height"] <= numbers["y"]


@pytest.mark.all_cells
def test_a_what_if_is_drawn_beside_the_curve_with_its_classifier(browser: Browser, tmp_path: Path) -> None:
    facts = (
        *(trained("0", {"0": 0}), evaluated("0")),
        *(queried("2", range(6, 9), model="0"), all_answered("2", range(6, 9))),
        *(trained("1", {"0": 0, "1": 0}), evaluated("1", labels=6, accuracy=0.75)),
    )
    with ThreadPoolExecutor(1) as beside_playwright:
        home = beside_playwright.submit(a_home, tmp_path / "home", *facts).result()

    aside("what-if", "--home", home.path, "--strategy", PLAYED, "--classifier", ITS_CLASSIFIER, "--seeds", 1)

    with charts(home, browser, tmp_path / "state") as page:
        # It is drawn before the store was looked at, and again then.
        expect(page.locator("#drawing-curve svg")).to_contain_text(f"what-if {PLAYED}, {ITS_CLASSIFIER}")
        said = page.locator("#chart-curve figcaption")
        for name in (PLAYED, ITS_CLASSIFIER, USUAL):
            expect(said).to_contain_text(name)
        page.locator("#chart-curve .numbers summary").press("Enter")
        expect(page.locator("#chart-curve td", has_text=f"what-if {PLAYED}").first).to_be_visible()
