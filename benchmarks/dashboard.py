"""The dashboard behind 100,000 events, in a browser: `python -m benchmarks.dashboard`.

First paint of each page, memory, and the seconds from an event's append to the page that shows it, on a log
in SQLite; where a machine does other work too, the seconds of a processor tell more. It takes about five
minutes; `--quick` has a tenth of the events. `--keep FOLDER` keeps the log there for the next time.
"""

import argparse
import asyncio
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median

import psutil
from playwright.sync_api import Browser, Page

from benchmarks.replay import PROJECT
from benchmarks.report import publish, table
from benchmarks.restore import fill
from labelloop.log import open_log
from schemas.envelope import new_event
from schemas.events import ProjectPaused, ProjectResumed
from tests.support.browser import chromium
from tests.support.dashboard_process import DashboardProcess, a_dashboard
from tests.support.log_thread import LogThread

FULL, QUICK = 100_000, 10_000
TIMES = 5
EVENTS = 16
PATIENCE = 900.0
MEBIBYTE = 2**20
PAINT = """() => new Promise((done) => {
  const found = () => performance.getEntriesByName("first-contentful-paint")[0];
  const look = () => found() ? done(found().startTime / 1000) : requestAnimationFrame(look);
  look();
})"""
PAGES = {
    "Projects": "/",
    "Project": f"/projects/{PROJECT}",
    "Texts": "/texts",
    "Models": "/models",
    "Events": "/events",
    "Services": "/services",
}


def memory(dashboard: DashboardProcess) -> float:
    assert dashboard.process is not None
    return psutil.Process(dashboard.process.pid).memory_info().rss / MEBIBYTE


def processor(dashboard: DashboardProcess) -> float:
    """The seconds of a processor that it took by now."""
    assert dashboard.process is not None
    times = psutil.Process(dashboard.process.pid).cpu_times()
    return float(times.user + times.system)


def until_read(dashboard: DashboardProcess, count: int) -> float:
    """Seconds until it has read so many events, and shows what they come to."""
    began = time.monotonic()
    words = f"{count:,}".replace(",", "\u202f")
    while f"{words} events" not in dashboard.page("/"):
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.5)
    return time.monotonic() - began


def paints(browser: Browser, dashboard: DashboardProcess) -> dict[str, float]:
    """Seconds to the first paint of each page, the median of several visits, each with an empty cache."""
    seconds: dict[str, float] = {}
    for name, path in PAGES.items():
        taken = []
        for _ in range(TIMES):
            with browser.new_context() as context:
                page = context.new_page()
                page.goto(dashboard.link)
                page.goto(f"{dashboard.url}{path}", wait_until="commit")
                taken.append(float(page.evaluate(PAINT)))
        seconds[name] = median(taken)
    return seconds


def latencies(page: Page, writer: LogThread) -> list[float]:
    """Seconds from an append to the page that shows it, of an event after the other."""
    seconds = []
    for number in range(EVENTS):
        is_pause = number % 2 == 0
        kind = ProjectPaused if is_pause else ProjectResumed
        word = "paused" if is_pause else "going on"
        began = time.monotonic()
        writer.append(
            new_event(PROJECT, kind(request=f"{time.time()}-{number}", who="ada", why=""), source="benchmark")
        )
        page.locator(".card .badge", has_text=word).wait_for()
        seconds.append(time.monotonic() - began)
        time.sleep(0.5)
    return seconds


def measured(count: int, folder: Path) -> dict[str, str]:
    log = f"sqlite:///{folder / f'{count}.sqlite'}"
    if not (folder / f"{count}.sqlite").exists():
        asyncio.run(fill(log, count))
    written = asyncio.run(length(log))
    writer, state = LogThread(log), Path(tempfile.mkdtemp(dir=folder))
    with closing(writer), chromium() as browser, a_dashboard(log, state) as dashboard:
        read = until_read(dashboard, written)
        to_read, after_reading = processor(dashboard), memory(dashboard)
        painted = paints(browser, dashboard)
        page = browser.new_context().new_page()
        page.set_default_timeout(60_000)
        page.goto(dashboard.link)
        page.locator("#live[data-state=live]").wait_for()
        before = processor(dashboard)
        late = sorted(latencies(page, writer))
        to_show = (processor(dashboard) - before) / EVENTS
        dashboard.kill()
        began = time.monotonic()
        dashboard.start()
        until_read(dashboard, written + EVENTS)
        again, in_the_end = time.monotonic() - began, memory(dashboard)
        to_start = processor(dashboard)
    size = (state / "read-model.sqlite").stat().st_size / 1e6
    return {
        "events": f"{count:,}",
        **{f"first paint of {name}, s": f"{seconds:.2f}" for name, seconds in painted.items()},
        "from an append to the page, median of them, s": f"{median(late):.2f}",
        "the slowest, s": f"{late[-1]:.2f}",
        "the processor's time for one, with all else in that time, s": f"{to_show:.2f}",
        "memory after it has read all, MiB": f"{after_reading:,.0f}",
        "memory after a kill and a start, MiB": f"{in_the_end:,.0f}",
        "read model, MB": f"{size:,.0f}",
        "reading all for the first time, s": f"{read:.0f}",
        "the processor's time for that reading, s": f"{to_read:.0f}",
        "start after a kill, until all is shown, s": f"{again:.1f}",
        "the processor's time for that start, s": f"{to_start:.1f}",
    }


async def length(url: str) -> int:
    """How many events the log holds."""
    log = open_log(url)
    count = sum([1 async for _ in log.read()])
    await log.close()
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the events")
    parser.add_argument("--keep", type=Path, help="where the log is, or will be")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as other:
        folder = arguments.keep or Path(other)
        folder.mkdir(parents=True, exist_ok=True)
        figures = measured(QUICK if arguments.quick else FULL, folder)
    publish("dashboard", table("The dashboard behind a long log, in a browser", figures))


if __name__ == "__main__":
    main()
