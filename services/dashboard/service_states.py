"""How the services fare: from their status files here, and from their health pages elsewhere."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import psutil

from labelloop.config.service_settings import ALERTING, DASHBOARD, SERVICES, SUGGESTER
from labelloop.observe.asking import Answered, ask, health_client
from labelloop.observe.service_status import IS_STARTING, READING
from labelloop.observe.status_file import IDLE, SINCE, STANDING_BY, read_status_file
from labelloop.observe.status_file import STARTING as BEGINNING
from labelloop.supervisor.state import ProcessState, SupervisorState, read_state

WELL, BUSY, STARTING, WAITING, ILL = "well", "busy", "starting", "waiting", "ill"
STATES = WELL, BUSY, STARTING, WAITING, ILL
"""The better first."""
ARGILLA = "argilla"
SPEAKING = *SERVICES, SUGGESTER, ALERTING, DASHBOARD
"""The processes of this machine that say of themselves what they do."""
OPTIONAL = "?"
"""At the end of the name of a service elsewhere that may be left out: until it answers, it is not shown."""
PATIENCE = 2.0
WORKING = "labelloop_work_started_timestamp_seconds"
BEHIND = "s behind"
QUEUES = {
    "labelloop_work_due": "work due",
    "labelloop_lag_events": "events not read",
    "labelloop_lag_seconds": BEHIND,
    "labelloop_waits_total": "waits",
    "labelloop_takeovers_total": "takeovers",
}
THREADS = "threads"
RESTLESS = BEHIND, THREADS
"""Facts that change all the time."""


@dataclass(frozen=True)
class Work:
    """What a process does now, and since when (seconds since 1970). None: it is not known."""

    what: str
    project: str | None
    began: float | None


@dataclass(frozen=True)
class Look:
    """A process of a service. `state`: well, busy, starting, waiting or ill. `ended`: how the process before
    it ended. `facts`: what else is known, by name.
    """

    service: str
    state: str
    doing: str
    problems: tuple[str, ...] = ()
    version: str = ""
    since: float | None = None
    restarts: int = 0
    memory: int | None = None
    facts: tuple[tuple[str, str], ...] = ()
    address: str = ""
    work: tuple[Work, ...] = ()
    ended: str = ""

    @property
    def calm(self) -> "Look":
        """The look without what changes all the time."""
        calm = tuple(fact for fact in self.facts if fact[0] not in RESTLESS)
        return replace(self, memory=None, facts=calm)

    def after(self, before: "Look | None") -> "Look":
        """The same look, which stays ill after a death until the service says that it works."""
        if before is None or self.state == ILL:
            return self
        has_died = None not in (before.since, self.since) and before.since != self.since
        if not has_died and (before.state, self.state) != (ILL, STARTING):
            return self
        problems = (self.ended,) if self.ended else self.problems or ("it was started again",)
        return replace(self, state=ILL, problems=problems)


class ServicesWatch:
    """Looks at this machine's services, and at services at given addresses. `token`: what pages want."""

    def __init__(self, run: Path | None, addresses: Mapping[str, str], token: str | None) -> None:
        self._run = run
        self._addresses = {name.removesuffix(OPTIONAL): url for name, url in addresses.items()}
        self._optional = {name.removesuffix(OPTIONAL) for name in addresses if name.endswith(OPTIONAL)}
        self._token = token
        self._before: dict[tuple[str, str], Look] = {}
        self._answered: float | None = None

    async def look(self) -> tuple[Look, ...]:
        """How each process fares now."""
        left_out = self._optional - {service for service, _ in self._before}
        looks = [
            look.after(self._before.get((look.service, look.address)))
            for look in await self._now()
            if not (look.service in left_out and look.state == ILL)
        ]
        self._before |= {(look.service, look.address): look for look in looks}
        return tuple(looks)

    async def _now(self) -> tuple[Look, ...]:
        state = read_state(self._run) if self._run is not None else None
        processes, pages = list(self._here(state)), {**self._addresses}
        pages |= {name: page for name, (_, page) in processes if page is not None}
        tls = any(url.startswith("https:") for url in pages.values())
        answers: dict[str, list[Answered]] = {}
        if pages:
            async with health_client(self._token, tls, PATIENCE) as client:
                answered = await asyncio.gather(*(ask(client, url) for url in pages.values()))
                answers = dict(zip(pages, answered, strict=True))
        shown = [with_pages(look, answers.get(name, ())) for name, (look, _) in processes]
        return (
            *[look if look.service != ARGILLA else await self._argilla(look, state) for look in shown],
            *(of_answer(name, each) for name in self._addresses for each in answers[name]),
        )

    async def _argilla(self, look: Look, state: SupervisorState | None) -> Look:
        """Argilla, which is starting until it has answered once."""
        if look.state != WELL or look.since == self._answered:
            return look
        if state is not None and state.argilla is not None:
            async with health_client(None, state.argilla.startswith("https:"), PATIENCE) as client:
                with suppress(httpx.HTTPError, httpx.InvalidURL):
                    if (await client.get(f"{state.argilla}/api/v1/status")).is_success:
                        self._answered = look.since
                        return look
        return replace(look, state=STARTING, doing=BEGINNING)

    def _here(self, state: SupervisorState | None) -> Iterator[tuple[str, tuple[Look, str | None]]]:
        """Each process of this machine by name, with the address of its health page, if it has one."""
        if state is None or self._run is None:
            return
        for name, process in state.processes.items():
            status = read_status_file(self._run, name)
            own = status if status.get("pid") == process.pid else {}
            page = own.get("health") if name not in self._addresses else None
            yield name, (of_process(name, process, own), page)


def of_process(name: str, process: ProcessState, status: Mapping[str, object]) -> Look:
    """A process of this machine, by its supervisor and by itself."""
    problems = [str(status[key]) for key in ("halted", "waiting", "failure") if status.get(key)]
    doing = str(status.get("doing") or (BEGINNING if not status and name in SPEAKING else IDLE))
    state = (
        ILL if status.get("failure") or status.get("halted") else WAITING if status.get("waiting") else WELL
    )
    if process.state not in ("starting", "running"):
        state, doing = ILL, "is started again soon" if process.state == "waiting" else process.state
        problems = [process.ended] if process.ended else []
    elif state == WELL and (process.state == "starting" or doing in (BEGINNING, STANDING_BY)):
        state = STARTING
    elif state == WELL and doing != IDLE:
        state = BUSY
    project, names_one, what = doing.partition(": ")
    began, (memory, facts) = status.get(SINCE), _measured(process.pid)
    work = Work(
        what if names_one else doing,
        project if names_one else None,
        began if isinstance(began, float) else None,
    )
    return Look(
        service=name,
        state=state,
        doing=work.what,
        problems=tuple(problems),
        version=str(status.get("version") or ""),
        since=process.since,
        restarts=process.restarts,
        memory=memory,
        facts=(*facts, *_queues(status)),
        work=(work,) if state == BUSY else (),
        ended=process.ended or "",
    )


def of_answer(name: str, answered: Answered) -> Look:
    """A process elsewhere, by its health page and its metrics."""
    values = {sample.name: sample for sample in answered.samples}
    built, memory = values.get("labelloop_build_info"), values.get("process_resident_memory_bytes")
    started = values.get("process_start_time_seconds")
    work = tuple(
        Work("at work", sample.labels.get("project"), sample.value)
        for sample in answered.samples
        if sample.name == WORKING and sample.value
    )
    silent = answered.problem is not None and not answered.samples
    return Look(
        service=name,
        state=ILL if silent else _readiness(answered.problem) or (BUSY if work else WELL),
        doing="" if silent else "at work" if work else IDLE,
        problems=(answered.problem,) if answered.problem else (),
        version=built.labels.get("version", "") if built else "",
        since=started.value if started else None,
        memory=int(memory.value) if memory else None,
        facts=_metrics(answered),
        address=answered.address,
        work=work,
    )


def with_pages(look: Look, answers: Sequence[Answered]) -> Look:
    """The look with what the process's own pages tell beside it."""
    facts = dict([*look.facts, *(fact for answered in answers for fact in _metrics(answered))])
    states = [state for answered in answers if answered.samples and (state := _readiness(answered.problem))]
    is_more = look.state == WELL and states == [STARTING]
    return replace(look, facts=tuple(facts.items()), state=STARTING if is_more else look.state)


def _readiness(problem: str | None) -> str | None:
    """The state of a service that says that it is not ready, or None."""
    return None if problem is None else STARTING if problem in (IS_STARTING, READING) else WAITING


def _metrics(answered: Answered) -> tuple[tuple[str, str], ...]:
    names = {sample.name for sample in answered.samples}
    failures = Counter[str]()
    for sample in answered.samples:
        if sample.name == "labelloop_failures_total" and sample.value:
            failures[sample.labels.get("kind", "error")] += int(sample.value)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(failures.items()))
    return (
        *((words, f"{sum(_values(answered, key)):g}") for key, words in QUEUES.items() if key in names),
        *((("failures", kinds),) if kinds else ()),
    )


def worst(looks: Iterable[Look]) -> str:
    """The worst state of these."""
    return max((look.state for look in looks), key=STATES.index, default=WELL)


def _values(answered: Answered, name: str) -> list[float]:
    return [sample.value for sample in answered.samples if sample.name == name]


def _queues(status: Mapping[str, object]) -> list[tuple[str, str]]:
    """How much waits for a process, by its status file."""
    values = {words: status.get(key.removeprefix("labelloop_")) for key, words in QUEUES.items()}
    return [(words, f"{value:g}") for words, value in values.items() if isinstance(value, int | float)]


def _measured(pid: int | None) -> tuple[int | None, tuple[tuple[str, str], ...]]:
    """The memory of a process, and its id and its threads, as far as the system tells."""
    if pid is None:
        return None, ()
    try:
        process = psutil.Process(pid)
        memory, threads = int(process.memory_info().rss), str(process.num_threads())
    except psutil.Error:
        return None, (("process", str(pid)),)
    return memory, (("process", str(pid)), (THREADS, threads))
