"""The dashboard in a real browser over a log that a test writes: long lists, long texts, many pages."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from schemas.envelope import new_event
from schemas.events import EventData, ProjectPaused, ProjectResumed
from services.dashboard.live import MOST_PAGES
from tests.support.browser import PATIENCE
from tests.support.dashboard_process import TOKEN, DashboardProcess, a_dashboard
from tests.support.log_thread import LogThread
from tests.support.needs import needs_chromium
from tests.support.predictions_recorded import snapshot
from tests.support.states import PROJECT, annotated, answered, project, queried, vote

pytestmark = pytest.mark.timeout(600)
expect.set_options(timeout=PATIENCE)

BATCH, POOL = 300, 2000
LONG = "word " * 200_000 + "needle"
ROWS = "() => [...document.querySelectorAll('#parts li')].map((row) => row.id)"
SEEN = """() => { const row = [...document.querySelectorAll('#parts li')].find(
  (row) => row.getBoundingClientRect().top > 0); return [row.id, row.getBoundingClientRect().top]; }"""
PLACE = "(id) => document.getElementById(id).getBoundingClientRect().top"


@dataclass(frozen=True)
class Followed:
    """A dashboard, and the log that it follows."""

    dashboard: DashboardProcess
    log: LogThread
    project: EventData

    def happens(self, *facts: EventData) -> None:
        self.log.append(*(new_event(PROJECT, fact, source="tests") for fact in facts))

    def url(self, path: str) -> str:
        return f"{self.dashboard.url}{path}"


def batch(number: int) -> EventData:
    return queried(str(number), range(number * BATCH, (number + 1) * BATCH), model=None)


def ids(*batches: int) -> list[str]:
    """The rows of these batches, in the order of the list."""
    return [
        f"text-{number * BATCH + rank}-{number}" for number in batches for rank in range(BATCH - 1, -1, -1)
    ]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    needs_chromium()
    folder = tmp_path_factory.mktemp("followed")
    with ThreadPoolExecutor(1) as beside_playwright:
        texts = (LONG if number == BATCH - 1 else f"text {number}" for number in range(POOL))
        pool = beside_playwright.submit(lambda: snapshot(folder / "store", *texts)).result()
    log = f"sqlite:///{folder / 'log.sqlite'}"
    with (
        closing(LogThread(log)) as writer,
        a_dashboard(log, folder / "state", LABELLOOP_STORE=str(folder / "store")) as dashboard,
    ):
        yield Followed(dashboard, writer, project(pool=pool, batch_size=BATCH, lookahead=5))


@contextmanager
def opened(followed: Followed, browser: Browser, path: str, **context: str) -> Iterator[Page]:
    with browser.new_context(**context) as person:  # type: ignore[arg-type]
        page = person.new_page()
        page.set_default_timeout(PATIENCE)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(followed.dashboard.link)
        page.goto(followed.url(path))
        page.locator("#live[data-state=live]").wait_for()
        yield page
        assert problems == []


def scrolled_to(page: Page, count: int) -> None:
    """Scroll down until the list has so many rows."""
    while page.locator("#parts li").count() < count:
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(50)


def test_a_list_that_was_scrolled_follows_new_batches(followed: Followed, browser: Browser) -> None:
    with opened(followed, browser, "/texts") as page:
        # The list is empty before.
        followed.happens(followed.project, batch(0), batch(1))
        expect(page.locator("#texts-count")).to_contain_text(str(2 * BATCH))
        scrolled_to(page, 2 * BATCH)
        page.wait_for_timeout(300)
        row, place = page.evaluate(SEEN)

        followed.happens(batch(2))
        expect(page.locator(f"#{ids(2)[0]}")).to_have_count(1)
        expect(page.locator("#texts-count")).to_contain_text(str(3 * BATCH))

        assert page.evaluate(PLACE, row) == pytest.approx(place, abs=2)
        assert page.evaluate(ROWS) == ids(2, 1, 0)
        assert page.locator("#parts > ol").count() > 2


def test_rows_that_fit_no_more_leave_a_scrolled_list(followed: Followed, browser: Browser) -> None:
    with opened(followed, browser, "/texts?standing=open") as page:
        scrolled_to(page, 3 * BATCH)
        items = (answered(item, vote("ann", "spam"), labels=("spam",)) for item in range(BATCH))

        followed.happens(annotated(*items, batch="0"))

        expect(page.locator(f"#{ids(0)[-1]}")).to_have_count(0)
        expect(page.locator(f"#{ids(0)[0]}")).to_have_count(0)
        assert page.evaluate(ROWS) == ids(2, 1)
    with opened(followed, browser, "/texts?label=spam") as page:
        scrolled_to(page, BATCH)
        assert page.evaluate(ROWS) == ids(0)


def test_a_list_is_scrolled_far_while_new_batches_come(followed: Followed, browser: Browser) -> None:
    with opened(followed, browser, "/texts") as page:
        for number in (3, 4, 5):
            rows = page.locator("#parts li").count()
            followed.happens(batch(number))
            scrolled_to(page, rows + BATCH)

        expect(page.locator("#texts-count")).to_contain_text(f"{6 * BATCH:,}".replace(",", "\u202f"))
        scrolled_to(page, 6 * BATCH)
        assert page.evaluate(ROWS) == ids(5, 4, 3, 2, 1, 0)


def test_times_in_tables_are_in_the_readers_zone(followed: Followed, browser: Browser) -> None:
    path = f"/projects/{PROJECT}"
    with opened(followed, browser, path, timezone_id="Asia/Kolkata", locale="en-GB") as page:
        page.locator("#chart-timeline .numbers summary").click()
        cell = page.locator("#chart-timeline .numbers time").first
        moment = datetime.fromisoformat(str(cell.get_attribute("datetime")))
        expect(cell).to_contain_text(moment.astimezone(ZoneInfo("Asia/Kolkata")).strftime("%H:%M:%S"))


def test_a_long_text_is_found_and_shown_in_part(followed: Followed, browser: Browser) -> None:
    with opened(followed, browser, f"/texts?project={PROJECT}") as page:
        page.locator("[name=words]").fill("needle")
        page.keyboard.press("Enter")
        page.locator(".texts .what").click()
        expect(page.locator("#whole")).to_contain_text("word word")
        page.locator("#cut a").click()
        expect(page.locator("body")).to_contain_text("needle")


def test_events_say_how_many_the_filter_matches(followed: Followed, browser: Browser) -> None:
    with opened(followed, browser, "/events?type=ProjectResumed") as page:
        expect(page.locator("#count")).to_be_visible()
        followed.happens(*(ProjectResumed(request=str(number), who="ada", why="") for number in range(3)))
        expect(page.locator("#matching")).to_have_text("3")


@pytest.mark.all_cells
def test_many_pages_are_refused_a_stream_and_still_follow(followed: Followed, browser: Browser) -> None:
    asked = f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
    with ExitStack() as streams:
        several = [
            streams.enter_context(socket.create_connection(("127.0.0.1", followed.dashboard.port)))
            for _ in range(MOST_PAGES + 50)
        ]
        for each in several:
            each.sendall(asked)
        heads = [each.recv(4096).decode() for each in several]
        given = [head for head in heads if head.startswith("HTTP/1.1 200")]
        assert len(given) == MOST_PAGES
        assert all("503" in head and "retry-after: 5" in head.lower() for head in heads if head not in given)

        with browser.new_context() as person:
            page = person.new_page()
            page.goto(followed.dashboard.link)
            page.locator("#live[data-state=seldom]").wait_for()
            followed.happens(ProjectPaused(request="1", who="ada", why=""))
            expect(page.locator(".card .badge", has_text="paused")).to_be_visible()
            streams.close()
            page.locator("#live[data-state=live]").wait_for()
