"""Long lists and long texts of the dashboard, in a browser: `python -m benchmarks.dashboard_texts`.

A list of 10,000 texts is scrolled to its end, which asks for page after page, and back: how long frames take
(16.7 ms are 60 in a second). A text of 1 MB is opened and sought. It takes about three minutes.
"""

import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, Page

from benchmarks.dashboard import PAINT
from benchmarks.report import publish, table
from schemas.envelope import new_event
from schemas.events import EventData
from tests.support.browser import SIZE, chromium
from tests.support.dashboard_process import DashboardProcess, a_dashboard
from tests.support.log_thread import LogThread
from tests.support.predictions_recorded import snapshot
from tests.support.states import PROJECT, project, queried

TIMES = 3
TEXTS, BATCH = 10_000, 250
LONG = 0
WORD, NEEDLE = "word ", "a needle at the end"
LENGTH = 1_000_000
FOUND = f"/texts?words={NEEDLE.replace(' ', '+')}"
STEP = 300
"""Pixels in a frame: so fast does a hard turn of a wheel scroll."""
PATIENCE = 600_000
SCROLL = """([step, isOver]) => new Promise((done) => {
  const frames = [], parts = document.getElementById("parts");
  let last = performance.now();
  const frame = (now) => {
    frames.push(now - last);
    last = now;
    scrollBy({top: step, behavior: "instant"});
    // To count rows takes time too.
    const isDue = frames.length % 20 === 0;
    const isAtEnd = () => parts.querySelectorAll("li").length >= isOver && innerHeight + scrollY >= document.body.scrollHeight - 2;
    if (isDue && (step > 0 ? isAtEnd() : scrollY === 0)) done(frames.slice(2));
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})"""  # noqa: E501


def facts(folder: Path) -> list[EventData]:
    """A project whose texts were all asked, one of them of 1 MB."""
    usual = "What is the name of the river that flows through the city of number"
    texts = (
        WORD * (LENGTH // len(WORD)) + NEEDLE if number == LONG else f"{usual} {number}?"
        for number in range(TEXTS)
    )
    pool = snapshot(folder / "store", *texts)
    batches = range(TEXTS // BATCH)
    return [
        project(pool=pool, batch_size=BATCH, lookahead=len(batches)),
        *(queried(str(each), range(each * BATCH, (each + 1) * BATCH)) for each in batches),
    ]


def frames(page: Page, step: int) -> str:
    """The lengths of frames while the list is scrolled to its end, or to its beginning."""
    taken: Sequence[float] = page.evaluate(SCROLL, [step, TEXTS])
    cut = quantiles(taken, n=100)
    return f"{cut[49]:.1f}, {cut[94]:.1f}, {max(taken):.0f} ({len(taken):,} frames)"


def paint(browser: Browser, dashboard: DashboardProcess, path: str) -> float:
    """Seconds to the first paint, the median of several visits, each with an empty cache."""
    taken = []
    for _ in range(TIMES):
        with browser.new_context(viewport=SIZE) as context:
            page = context.new_page()
            page.goto(dashboard.link)
            page.goto(f"{dashboard.url}{path}", wait_until="commit")
            taken.append(float(page.evaluate(PAINT)))
    return median(taken)


def measured(folder: Path) -> dict[str, str]:
    log, store = f"sqlite:///{folder / 'log.sqlite'}", str(folder / "store")
    with (
        closing(LogThread(log)) as writer,
        a_dashboard(log, folder / "state", LABELLOOP_STORE=store) as dashboard,
        chromium() as browser,
    ):
        writer.append(*(new_event(PROJECT, fact, source="benchmark") for fact in facts(folder)))
        while "1 text was asked" not in dashboard.page(FOUND):
            time.sleep(0.5)
        page = browser.new_context(viewport=SIZE).new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(dashboard.link)
        page.goto(f"{dashboard.url}/texts")
        page.locator("#live[data-state=live]").wait_for()
        down, up = frames(page, STEP), frames(page, -STEP)
        where = f"/texts/{PROJECT}/{LONG}"
        return {
            "texts in the list": f"{TEXTS:,}",
            "frames while it grows, ms: median, 95 %, longest": down,
            "frames on the way back, ms: median, 95 %, longest": up,
            "first paint of the list, s": f"{paint(browser, dashboard, '/texts'):.2f}",
            "first paint of a text of 1 MB, cut, s": f"{paint(browser, dashboard, where):.2f}",
            "first paint of all of it, s": f"{paint(browser, dashboard, f'{where}/whole.txt'):.2f}",
            "first paint of a search for its last words, s": f"{paint(browser, dashboard, FOUND):.2f}",
        }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        figures = measured(Path(name))
    publish("dashboard-texts", table("Long lists and long texts of the dashboard, in a browser", figures))


if __name__ == "__main__":
    main()
