"""Texts are shown literally in Argilla's page, whatever is in them, and nothing of them is run or loaded.

There are two walls, and each is tried alone: texts are written so that any Argilla only shows them, and the
embedded server sends a content security policy.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import new_annotator
from tests.support.argilla_api import make_dataset, record, respond
from tests.support.argilla_server import ArgillaServer
from tests.support.attacks import PLAIN, Attacker, thieves
from tests.support.browser import AnnotatorPage
from tests.support.loop import Loop
from tests.support.matrices import cells, in_all_cells
from tests.support.people import Owner

pytestmark = pytest.mark.timeout(600)

WITH_POLICY, WITHOUT_POLICY = True, False
LogIn = Callable[..., AnnotatorPage]


@dataclass(frozen=True)
class Attacked:
    """A project of hostile texts, all in its first batch, labels and guidelines; and who waits for them."""

    loop: Loop
    attacker: Attacker
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    project: str

    @property
    def owner(self) -> Owner:
        return Owner(self.loop.argilla, self.project)

    @property
    def link(self) -> str:
        return f"{self.loop.argilla.url}/dataset/{self.owner.dataset()}/annotation-mode"

    def write_raw(self) -> None:
        """Write the records as labelloop 0.1.0 did: as HTML, without a mark."""
        records = self.owner.records(0)
        for item, stored in records.items():
            stored["fields"] = {"text": self.texts[item]}
            del stored["metadata"]["escaped"]
        self.owner.write_anew(records.values())


@pytest.fixture(scope="module")
def listener() -> Iterator[Attacker]:
    with closing(Attacker()) as listener:
        yield listener


@pytest.fixture
def attacked(loop: Loop, listener: Attacker) -> Attacked:
    listener.heard.clear()
    texts = (*thieves(listener), *PLAIN)
    image = f"<img src='{listener.url}/label.png' onerror='{listener.steal('label')}'>"
    labels = (image, "<b>B</b>", "R&D &amp;")
    guidelines = "\n\n".join(("**Label** `a<b` texts", *texts, f"![x]({listener.url}/guideline.png)"))
    project = loop.create(
        [(text, None) for text in texts],
        labels=labels,
        guidelines=guidelines,
        batch_size=len(texts),
        max_batches=1,
    )
    attacked = Attacked(loop, listener, texts, labels, project)
    loop.until(lambda: len(attacked.owner.records(0)) == len(texts))
    return attacked


@pytest.fixture
def log_in(browser: Browser, loop: Loop) -> Iterator[LogIn]:
    """A browser of their own for a new annotator, or for the owner, who is on the home page."""
    opened: list[AnnotatorPage] = []

    def person(policy: bool, as_owner: bool = False) -> AnnotatorPage:
        if as_owner:
            page = AnnotatorPage(browser, loop.argilla.url, policy)
            page.log_in(loop.argilla.login.username, loop.argilla.login.password)
        else:
            page = new_annotator(browser, loop.argilla, policy)
        opened.append(page)
        return page

    yield person
    for each in opened:
        each.page.context.close()


@pytest.mark.parametrize("policy", cells(WITHOUT_POLICY, rest=[WITH_POLICY]))
def test_an_annotator_sees_each_text_as_it_was_given_and_labels_it(
    attacked: Attacked, log_in: LogIn, policy: bool
) -> None:
    ada = log_in(policy)
    ada.open(attacked.link)
    assert ada.labels == list(attacked.labels)

    answered: dict[str, tuple[str, ...]] = {}
    while len(answered) < len(attacked.texts):
        key = len(answered) % len(attacked.labels)
        answered[ada.text_as_given] = (attacked.labels[key],)
        ada.press(str(key + 1))

    assert answered.keys() == set(attacked.texts)
    state = attacked.loop.wait(attacked.project, lambda state: state.batches["0"].done)
    labelled = {attacked.texts[item.item]: item.labels for item in state.batches["0"].revisions[0].items}
    assert labelled == answered
    assert (ada.asked_elsewhere(), attacked.attacker.heard) == ([], [])


@pytest.mark.all_cells
@pytest.mark.parametrize("policy", cells(WITH_POLICY, rest=[WITHOUT_POLICY]))
def test_the_owner_sees_them_so_too_with_guidelines_filters_and_settings(
    attacked: Attacked, log_in: LogIn, policy: bool
) -> None:
    owner = log_in(policy, as_owner=True)
    owner.open(attacked.link)
    guidelines = owner.page.locator(".markdown-render")
    owner.page.get_by_text("Guidelines", exact=True).first.click()
    guidelines.wait_for()

    shown = [owner.text_as_given]
    while len(shown) < len(attacked.texts):
        owner.next()
        shown.append(owner.text_as_given)
    owner.page.get_by_role("button", name="Filters").click()
    for button in ("Metadata", "Responses", "Suggestions"):
        owner.page.get_by_role("button", name=button).first.click()

    assert sorted(shown) == sorted(attacked.texts)
    assert guidelines.locator("strong").first.inner_text() == "Label"
    assert guidelines.locator("code").first.inner_text().replace("\N{WORD JOINER}", "") == "a<b"
    assert guidelines.locator("script, style, img, iframe, object, embed, svg, form, link").count() == 0
    owner.page.goto(attacked.link.replace("annotation-mode", "settings"))
    owner.page.get_by_text("Questions", exact=True).click()
    owner.page.get_by_text(attacked.labels[0]).first.wait_for()
    assert (owner.asked_elsewhere(), attacked.attacker.heard) == ([], [])


@pytest.mark.all_cells
def test_names_errors_and_addresses_are_shown_as_text(
    argilla_server: ArgillaServer, listener: Attacker, log_in: LogIn
) -> None:
    listener.heard.clear()
    dataset = make_dataset(argilla_server.client())
    (first, *_) = dataset.put([record(0, rank) for rank in range(3)])
    image = f"<img src=x onerror='{listener.steal('name')}'>"
    respond(dataset.annotator(f"eve {secrets.token_hex(4)} {image}"), first, "human")
    owner = log_in(WITHOUT_POLICY, as_owner=True)
    owner.page.goto(owner.url)
    owner.page.locator(".tooltip__text", has_text=image).first.wait_for(state="attached")
    queue = f"{owner.url}/dataset/{dataset.id}/annotation-mode"
    parameter = quote(image.replace(".", ""), safe="")

    owner.page.goto(f"{queue}?metadata={parameter}.1")
    owner.page.locator(".toast-text").first.wait_for()
    assert image.replace(".", "") in owner.page.locator(".toast-text").first.inner_text()
    for begin in ("?", "??"):
        owner.page.goto("about:blank")
        owner.page.goto(f"{queue}{begin}status={parameter}")
        owner.texts.first.wait_for()

    assert owner.page.locator("img[src=x]").count() == 0
    assert (owner.asked_elsewhere(), listener.heard) == ([], [])


@pytest.mark.all_cells
def test_what_an_older_labelloop_wrote_is_written_again_with_its_answers(
    attacked: Attacked, log_in: LogIn
) -> None:
    attacked.loop.stop("querier")
    ada = log_in(WITH_POLICY)
    ada.open(attacked.link)
    answered = ada.text_as_given
    ada.press("2")
    attacked.write_raw()
    before = attacked.owner.records(0)

    attacked.loop.start("querier")

    attacked.loop.until(
        lambda: all("escaped" in stored["metadata"] for stored in attacked.owner.records(0).values())
    )
    after = attacked.owner.records(0)
    assert {item: (stored["id"], stored["responses"]) for item, stored in after.items()} == {
        item: (stored["id"], stored["responses"]) for item, stored in before.items()
    }
    (response,) = after[attacked.texts.index(answered)]["responses"]
    assert response["values"]["label"]["value"] == attacked.labels[1]
    ada.open(attacked.link)
    assert ada.text_as_given in set(attacked.texts) - {answered}


@pytest.mark.parametrize(
    ("policy", "attacks", "at_once"),
    [
        (WITH_POLICY, 6, 3),
        in_all_cells(WITHOUT_POLICY, 6, 3),
        in_all_cells(WITH_POLICY, 99, 1),
        in_all_cells(WITHOUT_POLICY, 99, 1),
    ],
)
def test_the_policy_alone_stops_what_is_run_and_loaded_without_it(
    argilla_server: ArgillaServer, listener: Attacker, log_in: LogIn, policy: bool, attacks: int, at_once: int
) -> None:
    listener.heard.clear()
    raw = make_dataset(argilla_server.client())
    tried = thieves(listener)[:attacks]
    texts = ["".join(tried[first : first + at_once]) for first in range(0, len(tried), at_once)]
    raw.put([record(0, rank, text) for rank, text in enumerate(texts)])
    owner = log_in(policy, as_owner=True)

    for number, _ in enumerate(texts, start=1):
        owner.page.goto(f"{owner.url}/dataset/{raw.id}/annotation-mode?page={number}&status=pending")
        owner.texts.first.wait_for(state="attached")
        owner.page.wait_for_load_state("networkidle")

    if policy == WITH_POLICY:
        assert listener.heard == []
    else:
        paths = {path.partition("?")[0] for path in listener.heard}
        assert paths >= {"/script", "/handler", "/svg", "/toggle"}
        assert at_once > 1 or paths >= {"/image.png", "/style.css"}
        assert any("Bearer" in path for path in listener.heard), "a token was stolen"
