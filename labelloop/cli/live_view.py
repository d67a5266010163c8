"""What `up` and `demo` show while the loop runs: progress, new lines, and where people label."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from labelloop.backoff import Backoff
from labelloop.cli.screen import Activity, Screen
from labelloop.config.deployment import ArgillaAccess
from labelloop.config.home import Home
from labelloop.errors import Unavailable, UserError, counted
from labelloop.log.base import Log, own_group
from labelloop.loop.figures import BatchLine, batch_lines
from labelloop.loop.history import History, all_created
from labelloop.loop.label_lists import places
from labelloop.loop.schedule import open_batches
from labelloop.loop.state import LoopState
from labelloop.observe.status_file import read_status_file
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.argilla.values import data_set_name
from labelloop.oracle.server import Credentials
from labelloop.projects.catalog import name_of, read_histories, sound
from labelloop.projects.create import EnsuredProject
from labelloop.projects.next_steps import Ending, ending, ending_lines
from schemas.events import PoolGrown, ProjectChanged, ProjectPaused, ServiceFailed

WORKERS = {"trainer": "training", "querier": "picking", "evaluator": "testing", "suggester": "suggesting"}
NOT_WORKING = ("idle", "starting")
INTERVAL = 0.5
WORTH_TELLING = 5.0
HEADER = f"{'batch':>8} {'labels':>7} {'accuracy':>9} {'trained':>9} {'picked':>8} {'waited':>8}"
SOON = 0.3
LATER = 2.0
UNTESTED = (
    "no accuracy and no learning curve without a test set or an audit share: give --test or --audit-share"
)


def activities(
    histories: Iterable[History], status_files: Mapping[str, Mapping[str, Any]]
) -> Iterator[Activity]:
    """The open batches with their recorded answers, and what the services are doing."""
    for history, state in all_created(histories):
        for batch in open_batches(state):
            total = len(batch.items)
            key = f"{history.project}/{batch.name}"
            yield Activity(key, f"labelling batch {batch.name}", min(batch.answered, total), total)
    for service, verb in WORKERS.items():
        doing = str(status_files.get(service, {}).get("doing", "idle"))
        if not doing.startswith(NOT_WORKING) and ": " in doing:
            yield Activity(f"{service}/{doing}", f"{verb}: {doing.partition(': ')[2]}")


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
        self._told_batches: set[tuple[str, str]] = set()
        self._headed = False
        self._waiting: dict[str, tuple[str, float]] = {}
        self._old = {event for history in seen_before for event in history.datahashes}
        self._tells_endings = tells_endings
        self._endings = {history.project: ending(history) for history in seen_before}
        for history, state in all_created(seen_before):
            self._told_batches |= {(history.project, line.name) for line in batch_lines(state)}

    async def until(self, log: Log, are_over: Callable[[dict[str, History]], bool]) -> None:
        """Show what happens until `over(histories)` is true."""
        changed = asyncio.Event()
        following = asyncio.create_task(self._follow(log, changed))
        try:
            while not are_over(self.histories):
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
                    how_it_goes_on = (
                        f"is {history.inactive_because}" if history.inactive_because else "continues"
                    )
                    self._screen.line(f"the project {history.project} {how_it_goes_on}")
                changed.set()

    def _tell_failure(self, history: History, data: object) -> None:
        if isinstance(data, ServiceFailed):
            self._screen.line(f"{data.service}: {data.due} failed ({data.error}) and will be retried")
        if isinstance(data, ProjectPaused):
            why = f": {data.why}" if data.why else ""
            self._screen.line(f"{data.who} paused {history.project}{why}; `labelloop resume` continues it")
        if isinstance(data, PoolGrown):
            self._screen.line(f"{data.who} added {counted(data.snapshot.size, 'text')} to {history.project}")
        if isinstance(data, ProjectChanged) and getattr(data.settings, "test", None) is not None:
            self._screen.line(
                f"{data.who} gave {history.project} another test set: from batch {data.from_batch} on "
                "accuracies are on that one, not to be compared with those above"
            )

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
                if (history.project, line.name) not in self._told_batches:
                    self._told_batches.add((history.project, line.name))
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


def labelling_url(argilla: str, dataset: str) -> str:
    """The page for labelling a data set, with its oldest batch first."""
    return f"{argilla}/dataset/{dataset}/annotation-mode?sort=metadata.batch.asc"


def login_lines(url: str, login: Credentials | None, colleagues: str | None) -> list[str]:
    """Argilla's address and login. `login` is None for an external Argilla, where users have their own."""
    lines = [f"Argilla    {url}"]
    if colleagues:
        lines.append(f"elsewhere  {colleagues}")
    if login:
        lines += [f"user       {login.username}", f"password   {login.password}"]
    return lines


def data_set(state: LoopState) -> str:
    """The name of the data set in which people answer now."""
    return data_set_name(state.project_id, len(places(state)) - 1)


async def tell_links(access: ArgillaAccess, watch: Watch, screen: Screen) -> None:
    """Print each project's link as soon as its first batch is there. Runs until cancelled."""
    linked: set[str] = set()
    async with Argilla(access.url, access.key, access.headers) as argilla:
        while True:
            waiting = [
                (history, data_set(state), state.project.given)
                for history, state in all_created(list(watch.histories.values()))
                if data_set(state) not in linked and state.numbered > state.project.given
            ]
            for history, name, first in waiting:
                dataset = await _find(argilla, history.project, name, first)
                if dataset is not None:
                    linked.add(name)
                    screen.line(f"label {name_of(history)}: {labelling_url(access.page, dataset)}")
            await asyncio.sleep(SOON if waiting or not linked else LATER)


async def _find(argilla: Argilla, project: str, name: str, batch: int) -> str | None:
    """The data set of a project, once it has the texts of this batch."""
    try:
        dataset = await argilla.find_project(project, name)
        if dataset is not None and await argilla.records(dataset, batch):
            return dataset.id
    except (Unavailable, UserError):
        return None
    return None


async def tell_notes(log: Log, ensured: EnsuredProject, screen: Screen) -> None:
    """Print what was left out of the data, and a note if there will be no curve."""
    project = sound((await read_histories(log))[ensured.project]).project
    for note in ensured.notes:
        screen.line(note)
    if project.test is None and not project.audit_share:
        screen.line(UNTESTED)
