"""How the services fare: from their status files here, and from their health pages elsewhere."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from labelloop.observe.asking import Answered, ask, health_client
from labelloop.observe.status_file import IDLE, SINCE, read_status_file
from labelloop.supervisor.state import ProcessState, read_state

WELL, BUSY, WAITING, ILL = "well", "busy", "waiting", "ill"
STATES = WELL, BUSY, WAITING, ILL
"""The better first."""
PATIENCE = 2.0
WORKING = "labelloop_work_started_timestamp_seconds"
QUEUES = {
    "labelloop_lag_events": "events not read",
    "labelloop_lag_seconds": "s behind",
    "labelloop_waits_total": "waits",
    "labelloop_takeovers_total": "takeovers",
}


@dataclass(frozen=True)
class Work:
    """What a process does now, and since when (seconds since 1970). None: it is not known."""

    what: str
    project: str | None
    began: float | None


@dataclass(frozen=True)
class Look:
    """A process of a service. `state`: well, busy, waiting or ill. `facts`: what else is known, by name."""

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


class ServicesWatch:
    """Looks at this machine's services, and at services at given addresses. `token`: what pages want."""

    def __init__(self, run: Path | None, addresses: Mapping[str, str], token: str | None) -> None:
        self._run = run
        self._addresses = addresses
        self._token = token

    async def look(self) -> tuple[Look, ...]:
        """How each process fares now."""
        here, pages = list(self._here()), {**self._addresses}
        pages |= {name: page for name, (_, page) in here if page is not None}
        tls = any(url.startswith("https:") for url in pages.values())
        answers: dict[str, list[Answered]] = {}
        if pages:
            async with health_client(self._token, tls, PATIENCE) as client:
                found = await asyncio.gather(*(ask(client, url) for url in pages.values()))
                answers = dict(zip(pages, found, strict=True))
        return (
            *(with_metrics(look, answers.get(name, ())) for name, (look, _) in here),
            *(of_answer(name, each) for name in self._addresses for each in answers[name]),
        )

    def _here(self) -> Iterator[tuple[str, tuple[Look, str | None]]]:
        """Each process of this machine by name, with the address of its health page, if it has one."""
        state = read_state(self._run) if self._run is not None else None
        if state is None or self._run is None:
            return
        for name, process in state.processes.items():
            said = read_status_file(self._run, name)
            own = said if said.get("pid") == process.pid else {}
            page = own.get("health") if name not in self._addresses else None
            yield name, (of_process(name, process, own), page)


def of_process(name: str, process: ProcessState, said: Mapping[str, object]) -> Look:
    """A process of this machine, by its supervisor and by itself."""
    problems = [str(said[key]) for key in ("halted", "waiting", "failure") if said.get(key)]
    doing = str(said.get("doing") or IDLE)
    state = ILL if said.get("failure") or said.get("halted") else WAITING if said.get("waiting") else WELL
    if state == WELL and doing != IDLE and said:
        state = BUSY
    if process.state != "running":
        state, doing = ILL, "is started again soon" if process.state == "waiting" else process.state
        problems = [process.ended] if process.ended else []
    project, names_one, what = doing.partition(": ")
    began = said.get(SINCE)
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
        version=str(said.get("version") or ""),
        since=process.since,
        restarts=process.restarts,
        **_measured(process.pid),
        work=(work,) if state == BUSY else (),
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
        state=ILL if silent else WAITING if answered.problem else BUSY if work else WELL,
        doing="" if silent else "at work" if work else IDLE,
        problems=(answered.problem,) if answered.problem else (),
        version=built.labels.get("version", "") if built else "",
        since=started.value if started else None,
        memory=int(memory.value) if memory else None,
        facts=_metrics(answered),
        address=answered.address,
        work=work,
    )


def with_metrics(look: Look, answers: Sequence[Answered]) -> Look:
    """The look with what the process's metrics tell beside it."""
    return replace(look, facts=(*look.facts, *(fact for answered in answers for fact in _metrics(answered))))


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


def _measured(pid: int | None) -> dict[str, Any]:
    """The memory of a process, its id and its threads, as far as the system tells."""
    if pid is None:
        return {}
    try:
        process = psutil.Process(pid)
        memory, threads = int(process.memory_info().rss), str(process.num_threads())
    except psutil.Error:
        return {"facts": (("process", str(pid)),)}
    return {"memory": memory, "facts": (("process", str(pid)), ("threads", threads))}
