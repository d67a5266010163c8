"""The dashboard in a real browser, beside a loop in which a person labels and services die."""

import json
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from labelloop.config.home import open_home
from labelloop.supervisor.state import read_state
from tests.browser.conftest import LogIn, Served, aside
from tests.support.attacks import Attacker, thieves
from tests.support.browser import PATIENCE
from tests.support.command import eventually
from tests.support.dashboard_process import a_dashboard
from tests.support.predictions_recorded import home_of_models
from tests.support.states import PROJECT

pytestmark = pytest.mark.timeout(600)
expect.set_options(timeout=PATIENCE)

SOON = 11_000
"""Milliseconds after which an answer is on the page: the watcher looks every ten seconds."""
BEGINNING = 100
# The policy allows no evaluated script, and so none of Playwright's own waits for one.
WIDTH = "document.documentElement.scrollWidth"
BROKEN_WORDS = """() => [...document.querySelectorAll("td, th")].flatMap((cell) => {
  const broken = [], texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) for (const word of texts.currentNode.data.matchAll(/[\\p{L}\\p{N}_]+/gu)) {
    const range = document.createRange();
    range.setStart(texts.currentNode, word.index);
    range.setEnd(texts.currentNode, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) broken.push(word[0]);
  }
  return broken;
})"""
"""The words in tables that stand on more than one line."""
ROUTES = ("/", "/texts", "/models", "/events", "/events/1", "/services", "/live", "/static/dashboard.css")


@pytest.fixture
def link(served: Served) -> str:
    """What `labelloop up` printed beside Argilla's address."""
    found = re.search(r"^dashboard +(http://\S+)$", served.output.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.fixture
def page(link: str, browser: Browser) -> Iterator[Page]:
    with opened_page(link, browser) as opened:
        yield opened


@contextmanager
def opened_page(link: str, browser: Browser) -> Iterator[Page]:
    """A page of somebody who has opened the link, which may not fail in silence."""
    with browser.new_context() as context:
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE)
        problems: list[str] = []
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on(
            "console", lambda said: problems.append(said.text) if "Security Policy" in said.text else None
        )
        opened.goto(link)
        opened.locator("#live[data-state=live]").wait_for()
        yield opened
        assert problems == []


def at(link: str, path: str) -> str:
    return f"{link.partition('/login')[0]}{path}"


def test_a_label_given_in_argilla_moves_the_counter_without_a_reload(
    served: Served, page: Page, log_in: LogIn
) -> None:
    card = page.locator(".card", has=page.get_by_role("heading", name="in-turn", exact=True))
    counter = card.locator("[data-figure=answered]")
    page.evaluate("document.body.dataset.untouched = 'yes'")
    expect(counter).to_have_text("0")
    ada = log_in("ada")
    ada.open_from_home("in-turn")

    ada.press("1")

    expect(counter).to_have_text("1", timeout=SOON)
    assert page.evaluate("document.body.dataset.untouched") == "yes"
    expect(card).to_contain_text("ada")


def test_a_killed_service_turns_red_and_green_again(served: Served, page: Page, link: str) -> None:
    page.goto(at(link, "/services"))
    row = page.locator("[data-service=querier]")
    expect(row).to_have_attribute("data-state", re.compile("well|busy"))
    expect(row).to_contain_text(re.compile("work due [01], events not read 0"))
    state = read_state(served.home / "run")
    assert state is not None
    pid = state.processes["querier"].pid
    assert pid is not None

    os.kill(pid, signal.SIGKILL)

    expect(row).to_have_attribute("data-state", "ill")
    expect(row).to_contain_text("SIGKILL")
    expect(row).to_have_attribute("data-state", re.compile("well|busy"))


def test_texts_with_tags_are_text_on_every_page(
    served: Served, page: Page, link: str, attacker: Attacker, tmp_path: Path
) -> None:
    texts = thieves(attacker)
    (tmp_path / "hostile.jsonl").write_text(
        "".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8"
    )
    labels = "<b onmouseover=alert(1)>x</b>,<style>*{display:none}</style>"
    aside(
        *("init", "--home", served.home, "--name", "<script>document.title = 'stolen'</script>"),
        *("--dataset", tmp_path / "hostile.jsonl", "--text-column", "text", "--labels", labels),
        *("--classifier", "linear", "--batch-size", len(texts), "--lookahead", 0, "--cold-start", "random"),
    )
    card = page.locator(".card", has_text="<script>document.title")
    expect(card.locator(".batch")).to_be_visible()
    project = card.locator(".id").first.inner_text()

    page.goto(at(link, f"/texts?project={project}"))
    shown = page.locator(".texts .what")
    expect(shown).to_have_count(len(texts))
    expect(shown.filter(has_text="<script>").first).to_be_visible()
    # A list shows the beginning of each.
    beginnings = {text[:BEGINNING] for text in shown.all_inner_texts()}
    assert beginnings == {text[:BEGINNING] for text in texts}
    addresses = [str(each.get_attribute("href")) for each in shown.all()]
    for path in (
        *addresses,
        f"/projects/{project}",
        f"/events?project={project}",
        "/events/1",
        "/models",
        "/",
    ):
        page.goto(at(link, path))
        page.locator("#live[data-state=live]").wait_for()
        assert (
            page.locator("main :is(img, iframe, style, script, object, embed, form:not(.filter))").count()
            == 0
        )
        assert page.title() != "stolen"
    assert attacker.heard == []


def test_a_wrong_token_gets_in_nowhere(served: Served, page: Page, link: str, browser: Browser) -> None:
    project = page.locator(".card .id").first.inner_text()
    pages = (
        *ROUTES,
        *(f"/projects/{project}", f"/projects/{project}/curve.csv", f"/texts/{project}/0"),
        *(f"/models/{project}/diff", f"/models/{project}/diff.csv", f"/models/{project}/0/folder.tar"),
        f"/predictions/{project}/0",
    )
    with browser.new_context() as stranger:
        for path in ("/login?token=wrong", "/login", *pages, *(f"{path}?token=wrong" for path in pages)):
            answer = stranger.request.get(at(link, path))
            assert answer.status == 401, path
            assert project not in answer.text()
        tab = stranger.new_page()
        tab.goto(at(link, "/"))
        assert project not in tab.content()


def test_charts_have_their_numbers_and_survive_a_change_of_colours(
    served: Served, page: Page, link: str
) -> None:
    project = page.locator(".card .id", has_text="in-turn").first.inner_text()
    page.goto(at(link, f"/projects/{project}"))
    page.locator("#live[data-state=live]").wait_for()
    expect(page.locator("h1")).to_have_text("in-turn")
    page.emulate_media(color_scheme="dark")
    for drawing in page.locator("[data-chart]").all():
        expect(drawing.locator("svg")).to_be_visible()
    for numbers in page.locator(".numbers").all():
        numbers.locator("summary").press("Enter")
        expect(numbers.locator("table")).to_be_visible()


def test_figures_of_models_lead_to_texts_that_run_nothing(browser: Browser, tmp_path: Path) -> None:
    label = "<b onmouseover=alert(1)>ham</b>"
    with ThreadPoolExecutor(1) as beside_playwright:
        home = open_home(beside_playwright.submit(home_of_models, tmp_path / "home", label).result())
    with (
        a_dashboard(home.log_url, tmp_path / "state", LABELLOOP_STORE=str(home.store)) as dashboard,
        opened_page(dashboard.link, browser) as page,
    ):
        page.set_viewport_size({"width": 390, "height": 800})
        # It is drawn before what models say is read, and again then.
        page.goto(at(dashboard.link, f"/models?project={PROJECT}"))
        page.locator("#model-2").get_by_role("link", name="12", exact=True).click()
        expect(page.locator("h1")).to_have_text("Model 1 → model 2")
        expect(page.locator("#changes")).to_contain_text("+50.0")
        expect(page.locator(".said .what").first).to_contain_text("<script>alert(1)</script>")
        page.locator("#moves").get_by_role("link", name="12").press("Enter")
        expect(page.locator("#flips")).to_contain_text(label)
        # The text is there before the style is.
        eventually(lambda: page.evaluate(WIDTH) <= 390, "the page is as wide as the phone")

        page.locator(".said .what").first.click()
        expect(page.locator("#whole")).to_contain_text("<script>alert(1)</script>")
        expect(page.locator("#since")).to_contain_text(label)
        page.goto(at(dashboard.link, f"/projects/{PROJECT}"))
        for chart in ("labels", "calibration"):
            expect(page.locator(f"#chart-{chart} svg")).to_be_visible()
        expect(page.locator("#chart-labels svg")).to_contain_text("<b onmouseover")
        page.goto(at(dashboard.link, f"/predictions/{PROJECT}/2?of=test&gold=news"))
        expect(page.locator(".said")).to_contain_text("<script>alert(1)</script>")
        assert page.locator("main :is(b[onmouseover], script)").count() == 0


def test_tables_on_a_phone_can_be_scrolled_and_break_no_word(browser: Browser, tmp_path: Path) -> None:
    label = "transportation_and_logistics"
    with ThreadPoolExecutor(1) as beside_playwright:
        home = open_home(beside_playwright.submit(home_of_models, tmp_path / "home", label).result())
    paths = (
        *(f"/models?project={PROJECT}", f"/models/{PROJECT}/diff", f"/predictions/{PROJECT}/2?of=test"),
        *(f"/projects/{PROJECT}", f"/texts/{PROJECT}/1", "/events", "/events/3", "/services"),
    )
    with (
        a_dashboard(home.log_url, tmp_path / "state", LABELLOOP_STORE=str(home.store)) as dashboard,
        opened_page(dashboard.link, browser) as page,
    ):
        page.set_viewport_size({"width": 375, "height": 800})
        # What models say is read once a page has asked for it.
        page.goto(at(dashboard.link, f"/models?project={PROJECT}"))
        expect(page.locator("#model-2").get_by_role("link", name="12", exact=True)).to_be_visible()
        for path in paths:
            page.goto(at(dashboard.link, path))
            eventually(lambda: page.evaluate(WIDTH) <= 375, "the page is as wide as the phone")
            for summary in page.locator(".numbers summary").all():
                summary.press("Enter")
            assert page.locator("table").count() == page.locator("[role=region].scroll table").count(), path
            assert page.evaluate(BROKEN_WORDS) == [], path

        page.goto(at(dashboard.link, f"/models?project={PROJECT}"))
        models = page.get_by_role("region", name="Models")
        models.focus()
        page.keyboard.press("ArrowRight")
        eventually(lambda: models.evaluate("each => each.scrollLeft") > 0, "the table is scrolled")
        expect(models).to_have_css("background-attachment", re.compile("local.*scroll"))


def test_it_can_be_used_by_keyboard_on_a_phone(page: Page, link: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/", "/texts", "/models", "/events", "/services"):
        page.goto(at(link, path))
        width = page.evaluate(WIDTH)
        assert width <= 390, path
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_the_page_reconnects_by_itself(served: Served, page: Page) -> None:
    state = read_state(served.home / "run")
    assert state is not None
    pid = state.processes["dashboard"].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    page.locator("#live[data-state=away]").wait_for()
    page.locator("#live[data-state=live]").wait_for()
