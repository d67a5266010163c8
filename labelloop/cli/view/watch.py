"""The live view: follows the log and prints what is new."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from labelloop.backoff import Backoff
from labelloop.cli.view.screen import WORKERS, Screen, activities
from labelloop.config.home import Home
from labelloop.errors import Unavailable
from labelloop.log.base import Log, own_group
from labelloop.loop.figures import BatchLine, batch_lines
from labelloop.loop.history import History, all_created
from labelloop.observe.status_file import read_status_file
from labelloop.projects.catalog import name_of
from labelloop.projects.ending import Ending, ending, ending_lines
from schemas.events import ProjectPaused, ServiceFailed

INTERVAL = 0.5
WORTH_TELLING = 5.0
HEADER = f"{'batch':>8} {'labels':>7} {'accuracy':>9} {'trained':>9} {'picked':>8} {'waited':>8}"


class Watch:
    """Shows the projects' histories on a screen. What is in `seen_before` is not shown again.

    `tells_endings`: it also says when a project is labelled or finished, and what can be done then.
    """

    def __init__(
        self,
        home: Home,
        screen: Screen,
        seen_before: Iterable[History] = (),
        tells_endings: bool = False,
    ) -> None:
        self.histories: dict[str, History] = {}
        self._home = home
        self._screen = screen
        self._told: set[tuple[str, str]] = set()
        self._headed = False
        self._waiting: dict[str, tuple[str, float]] = {}
        self._old = {event for history in seen_before for event in history.seen}
        self._tells_endings = tells_endings
        self._endings = {history.project: ending(history) for history in seen_before}
        for history, state in all_created(seen_before):
            self._told |= {(history.project, line.name) for line in batch_lines(state)}

    async def until(self, log: Log, over: Callable[[dict[str, History]], bool]) -> None:
        """Show what happens until `over(histories)` is true."""
        changed = asyncio.Event()
        following = asyncio.create_task(self._follow(log, changed))
        try:
            while not over(self.histories):
                # Not wait_for: in Python 3.11 it loses a Ctrl-C that comes with a change.
                with suppress(TimeoutError):
                    async with asyncio.timeout(INTERVAL):
                        await changed.wait()
                if changed.is_set():
                    changed.clear()
                    self._tell_lines()
                self._tell_activities()
                if following.done():
                    following.result()
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            self._screen.show(())

    async def _follow(self, log: Log, changed: asyncio.Event) -> None:
        backoff = Backoff()
        while True:
            # The services say what is wrong with the log.
            with suppress(Unavailable):
                await self._read_on(log, changed)
            await asyncio.sleep(backoff.next())

    async def _read_on(self, log: Log, changed: asyncio.Event) -> None:
        log_identity = await log.identity()
        async with log.follow(own_group()) as follower:
            async for record in follower:
                event = record.event
                if event is None:
                    continue
                history = self.histories.setdefault(event.project, History(event.project, log_identity))
                inactive_because = history.inactive_because
                if history.add(event, record.position) and event.id not in self._old:
                    self._tell_failure(history, event.payload)
                    self._tell_ending(history)
                if history.inactive_because != inactive_because:
                    standing = f"is {history.inactive_because}" if history.inactive_because else "continues"
                    self._screen.line(f"the project {history.project} {standing}")
                changed.set()

    def _tell_failure(self, history: History, data: object) -> None:
        if isinstance(data, ServiceFailed):
            self._screen.line(f"{data.service}: {data.due} failed ({data.error}) and will be retried")
        if isinstance(data, ProjectPaused):
            why = f": {data.why}" if data.why else ""
            self._screen.line(f"{data.who} paused {history.project}{why}; `labelloop resume` continues it")

    def _tell_ending(self, history: History) -> None:
        """Say once that a project is labelled, and once that it is finished, until it continues."""
        if not self._tells_endings:
            return
        before, now = self._endings.get(history.project, Ending.OPEN), ending(history)
        self._endings[history.project] = max(before, now) if now else Ending.OPEN
        if now > before:
            for line in ending_lines(history):
                self._screen.line(line)

    def _tell_lines(self) -> None:
        for history, state in all_created(self.histories.values()):
            for line in batch_lines(state):
                if (history.project, line.name) not in self._told:
                    self._told.add((history.project, line.name))
                    if not self._headed:
                        self._headed = True
                        self._screen.line(HEADER)
                    self._screen.line(format_line(line, self._label(history)))

    def _tell_activities(self) -> None:
        status_files = {
            service: read_status_file(self._home.run, service) for service in (*WORKERS, "annotation_watcher")
        }
        self._screen.show(activities(self.histories.values(), status_files))
        for service, status_file in status_files.items():
            self._tell_waiting(service, str(status_file.get("waiting", "")))

    def _tell_waiting(self, service: str, reason: str) -> None:
        """Print once what a service waits for, after it has waited for a while."""
        before, since = self._waiting.get(service, ("", 0.0))
        now = time.monotonic()
        if reason != before:
            self._waiting[service] = (reason, now)
        elif reason and since and now - since > WORTH_TELLING:
            self._screen.line(f"{service} waits: {reason}")
            self._waiting[service] = (reason, 0.0)

    def _label(self, history: History) -> str | None:
        return name_of(history) if len(self.histories) > 1 else None


def format_line(line: BatchLine, project: str | None = None) -> str:
    """A batch's line under HEADER, followed by the project's name if one is given."""
    accuracy = "-" if line.accuracy is None else f"{line.accuracy:.3f}"
    cells = (
        f"{line.name:>8} {line.labels:>7} {accuracy:>9} "
        f"{_seconds(line.trained):>9} {_seconds(line.picked):>8} {_seconds(line.waited):>8}"
    )
    return f"{cells}  {project}" if project else cells


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f} s"
