"""Argilla's web page in the system's Chromium, as an annotator uses it."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, ViewportSize, sync_playwright

from tests.support.needs import needs_chromium

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE: ViewportSize = {"width": 1280, "height": 800}
NOWHERE = (1000, 600)
PATIENCE = 60_000
TEXT = ".record .content-area"
OTHER_TEXT = f"old => document.querySelector('{TEXT}')?.innerText !== old"
OTHER_TEXT_OR_NONE = f"old => document.querySelector('.wrapper--empty') || ({OTHER_TEXT})(old)"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium without a window; the test is skipped where there is none."""
    executable = needs_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS, timeout=PATIENCE)
        yield browser
        browser.close()


class AnnotatorPage:
    """A person's browser; `page` is Playwright's, for what is not offered here.

    Without `policy` it ignores the page's content security policy, as if the server sent none.
    """

    def __init__(self, browser: Browser, url: str, policy: bool = True) -> None:
        self.url = url
        context = browser.new_context(viewport=SIZE, locale="en", bypass_csp=not policy)
        self.page: Page = context.new_page()
        self.requests: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.set_default_timeout(PATIENCE)

    def log_in(self, username: str, password: str) -> None:
        """Log in on the home page, as far as the list of data sets."""
        self.page.goto(self.url)
        self.page.locator("input[type=text]").fill(username)
        self.page.locator("input[type=password]").fill(password)
        self.page.keyboard.press("Enter")
        self.page.get_by_text("Your datasets").wait_for()

    def log_out(self) -> None:
        """Log out, also while the server does not answer."""
        button = self.page.get_by_label("User Button")
        button.click()
        self.page.get_by_text("Log out", exact=True).click()
        button.wait_for(state="detached")

    def open_from_home(self, project: str) -> None:
        """Choose the project's data set on the home page."""
        self.page.goto(self.url)
        self.page.get_by_text(f"{project}-").first.click()
        self.texts.first.wait_for()

    def open(self, link: str) -> None:
        self.page.goto(link)
        self.texts.first.wait_for()

    @property
    def texts(self) -> Locator:
        """The texts on screen: one, or a page of them in the bulk view."""
        return self.page.locator(TEXT)

    @property
    def text(self) -> str:
        return self.texts.inner_text().strip()

    @property
    def text_as_given(self) -> str:
        """All characters of the text on screen, where it is shown as nothing but text."""
        shown = self.texts.locator("> div")
        assert shown.locator("*").count() == 0, shown.inner_html()
        return shown.text_content() or ""

    @property
    def columns_shown(self) -> Locator:
        """The boxes of a text that has several columns."""
        return self.page.locator(".record .text_field_component")

    @property
    def columns(self) -> dict[str, str]:
        """All characters of each column on screen, by its title."""
        shown = {}
        for box in self.columns_shown.all():
            title = box.locator(".text_field_component__title-content")
            text = box.locator(".content-area > div")
            assert (title.locator("*").count(), text.locator("*").count()) == (0, 0), box.inner_html()
            shown[(title.text_content() or "").strip()] = text.text_content() or ""
        return shown

    def filter_by_term(self, metadata: str, term: str) -> None:
        """Show only the texts with this term."""
        self.page.get_by_role("button", name="Filters").click()
        self.page.get_by_role("button", name="Metadata").first.click()
        self.page.get_by_text(metadata, exact=True).last.click()
        self.page.get_by_text(term, exact=True).last.click()
        self.page.mouse.click(*NOWHERE)

    @property
    def labels(self) -> list[str]:
        return self.page.locator(".label-text__text").all_text_contents()

    def next(self) -> None:
        """Go to the next text without an answer."""
        shown = self.texts.inner_text()
        self.page.locator(".pagination button").last.click()
        self.page.wait_for_function(OTHER_TEXT, arg=shown)

    def asked_elsewhere(self) -> list[str]:
        """What the page asked of other servers until now, once it is quiet."""
        self.page.wait_for_load_state("networkidle")
        return [url for url in self.requests if not url.startswith((self.url, "data:", "blob:"))]

    @property
    def suggestion(self) -> Locator:
        """The label that is suggested, with its score."""
        return self.page.locator("label", has=self.page.locator(".label-text__suggestion"))

    def press(self, key: str) -> str:
        """Answer with a key and wait for what comes next; the text that was answered."""
        shown = self.texts.inner_text()
        self.page.keyboard.press(key)
        self.page.wait_for_function(OTHER_TEXT, arg=shown)
        return shown.strip()

    def sees_left(self, count: int) -> None:
        """Wait until the page says that so many texts are left."""
        self.page.wait_for_function(
            "left => getComputedStyle(document.documentElement).getPropertyValue('--left') === left",
            arg=f'"{count} left"',
        )

    def answer_last(self, key: str) -> None:
        """Answer with a key, and wait for what comes next: a text, or that there is none."""
        shown = self.texts.inner_text()
        self.page.keyboard.press(key)
        self.page.wait_for_function(OTHER_TEXT_OR_NONE, arg=shown)

    def answer(self, key: str) -> str:
        """Answer with the label of a key, by Enter where it is suggested; the text that was answered."""
        suggested = self.page.locator("label:has(.label-text__suggestion) .key").all_inner_texts()
        return self.press("Enter" if key in suggested else key)

    def metadata(self) -> dict[str, str]:
        """The metadata of the text on screen, as its menu shows them."""
        self.page.locator(".record-menu__header").click()
        self.page.get_by_role("button", name="View metadata", exact=True).click()
        rows = self.page.locator(".record-metadata-info .--table .table-info__row")
        rows.first.wait_for()
        shown = dict(row.split(maxsplit=1) for row in rows.all_inner_texts())
        self.page.mouse.click(*NOWHERE)
        rows.first.wait_for(state="detached")
        self.focus_labels()
        return shown

    def focus_labels(self) -> None:
        """Click beside the labels, so that they listen to the keyboard."""
        self.page.locator(".questions-form .title-area").click()

    def guidelines(self) -> str:
        """What the guidelines say; they stay open."""
        self.page.get_by_text("Guidelines", exact=True).first.click()
        shown = self.page.locator(".panel.resizable-h__down").first
        shown.locator("li").first.wait_for()
        return shown.inner_text()

    def search(self, words: str) -> None:
        self.page.locator(".search-area__icon").first.click()
        self.page.locator(".search-area__input").fill(words)
        self.page.keyboard.press("Enter")

    def filter_from_batch(self, batch: int) -> None:
        """Show only this batch and later ones."""
        self.page.get_by_role("button", name="Filters").click()
        self.page.get_by_role("button", name="Metadata").first.click()
        self.page.get_by_text("Batch", exact=True).click()
        self.page.locator(".range__inputs input").first.fill(str(batch))
        self.page.keyboard.press("Tab")

    def show_many(self) -> None:
        """Switch to the bulk view."""
        self.page.get_by_label("Switch to Bulk Mode").click()

    def answer_all_shown(self, key: str) -> None:
        """In the bulk view, give all texts on screen the label of a key."""
        self.select_all()
        self.focus_labels()
        self.page.keyboard.press(key)
        self.page.keyboard.press("Enter")

    def select_all(self) -> None:
        """In the bulk view, select all texts on screen."""
        self.page.locator("[data-title='Select all'] .checkbox__container").click()
