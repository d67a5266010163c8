"""Alerts from every log: what is new is told, over restarts, and nothing twice."""

import json
from datetime import timedelta
from pathlib import Path

from labelloop.alerts.problems import of_project
from labelloop.alerts.settings import BOOK, AlertRules
from labelloop.log.base import ErasingLog, Log
from labelloop.loop.state import NotCreated
from labelloop.observe.service_status import ServiceStatus
from schemas.envelope import Event, datahash, new_event
from schemas.events import EventData, EventSkipped, ProjectMoved, ProjectPaused, ServiceFailed
from services.alerting.open_alerts import open_book
from services.alerting.service import Alerting
from tests.contract.conftest import ON_SQLITE
from tests.support.alerts import NOBODY, an_alerting, failed_titles, titles_of, until_told
from tests.support.controllers import until
from tests.support.messages import names
from tests.support.plugged import at_work
from tests.support.receivers import a_hook
from tests.support.states import PROJECT, START, annotated, project, queried, state_of, trained

FAILED, OVER = failed_titles()


async def append(log: Log, *told: EventData) -> None:
    await log.append(*(new_event(PROJECT, data, source="trainer") for data in told))


def failed(attempt: int) -> ServiceFailed:
    return ServiceFailed(service="trainer", due="poll", kind="disk-full", error="no space", attempt=attempt)


async def test_what_happens_is_told_also_if_it_happened_meanwhile(log: Log, tmp_path: Path) -> None:
    await append(log, project(), failed(1), queried())
    with a_hook() as hook:
        async with at_work(await an_alerting(log, tmp_path, hook)), log.own("trainer") as owner:
            await owner.append(new_event(PROJECT, failed(2), source="trainer"))
            await until_told(hook, tmp_path, FAILED)
        await append(log, trained("0", {}), failed(3))
        async with at_work(await an_alerting(log, tmp_path, hook)):
            await until(lambda: hook.titles == [FAILED, OVER, FAILED])
            await append(log, trained("1", {}))
            await until(lambda: hook.titles == [FAILED, OVER, FAILED, OVER])


@ON_SQLITE
async def test_what_fails_and_recovers_meanwhile_is_told_after_a_run_without_an_alert(
    log: Log, tmp_path: Path
) -> None:
    def places() -> dict[str, int]:
        book = tmp_path / BOOK
        return json.loads(book.read_text())["places"] if book.exists() else {}

    await append(log, project())
    with a_hook() as hook:
        async with at_work(await an_alerting(log, tmp_path, hook)):
            await until(lambda: bool(places()))
            first = places()
            await append(log, queried())
            await until(lambda: places() != first)
        await append(log, failed(1), trained("0", {}))
        async with at_work(await an_alerting(log, tmp_path, hook)):
            await until(lambda: hook.titles == [FAILED, OVER])


@ON_SQLITE
async def test_a_project_that_is_halted_is_told_until_it_goes_on(log: Log, tmp_path: Path) -> None:
    good, data = new_event(PROJECT, annotated(), source="tests"), b"{}"
    bad = Event({**good.attributes, "datahash": datahash(data)}, data)
    skip = EventSkipped(request="s", who="ada", event=bad.id, content=datahash(data))
    halted, over = titles_of(of_project(NotCreated(PROJECT), {}, "halted", AlertRules(), None)["halted"])
    await append(log, project(), queried())
    with a_hook() as hook:
        async with at_work(await an_alerting(log, tmp_path, hook)):
            await log.append(bad)
            await until(lambda: hook.titles == [halted])
            await append(log, skip)
            await until(lambda: hook.titles[1:] == [over])

    assert names(hook.posted[0]["message"], f"labelloop skip {bad.id}")


@ON_SQLITE
async def test_a_batch_that_waits_is_not_over_while_what_was_missed_is_read(log: Log, tmp_path: Path) -> None:
    await append(log, project())
    await log.append(new_event(PROJECT, queried(), source="tests", time=START))
    late = START + timedelta(days=30)
    waits, _ = titles_of(of_project(state_of(project(), queried()), {}, None, AlertRules(), late)["waiting"])
    with a_hook() as hook:
        async with at_work(await an_alerting(log, tmp_path, hook)):
            await until_told(hook, tmp_path, waits)
        # By a clock that is behind.
        paused = ProjectPaused(request="p", who="ada")
        await log.append(new_event(PROJECT, paused, source="tests", time=START + timedelta(minutes=1)))
        async with at_work(await an_alerting(log, tmp_path, hook)):
            await append(log, failed(1))
            await until(lambda: len(hook.titles) > 1)

    assert hook.titles == [waits, FAILED]


@ON_SQLITE
async def test_what_is_not_judged_any_more_is_not_said_to_be_over(log: Log, tmp_path: Path) -> None:
    async def append_failure(name: str) -> None:
        await log.append(
            new_event(name, project(), source="tests"), new_event(name, failed(1), source="trainer")
        )

    def about(name: str) -> str:
        return failed_titles(name)[0]

    moved = ProjectMoved(request="m", who="ada", log="there", address="sqlite:///there", events=2)
    await append_failure(PROJECT)
    with a_hook() as hook:
        async with at_work(await an_alerting(log, tmp_path, hook)):
            await until(lambda: hook.titles == [about(PROJECT)])
            await append(log, moved)
            await append_failure("second")
            await until_told(hook, tmp_path, about(PROJECT), about("second"))
        async with at_work(await an_alerting(log, tmp_path, hook, rules=AlertRules(failed=None))):
            await until(lambda: not json.loads((tmp_path / BOOK).read_text())["standing"])
        async with at_work(await an_alerting(log, tmp_path, hook)):
            await until(lambda: len(hook.titles) == 3)

    assert hook.titles == [about(PROJECT), about("second"), about("second")]


async def test_a_log_that_lacks_what_was_told_is_refused_unless_it_can_erase_events(
    log: Log, another: Log, tmp_path: Path
) -> None:
    await append(another, project())
    await append(log, project(), queried(), failed(1))
    with a_hook() as hook:
        async with at_work(await an_alerting(log, tmp_path, hook)):
            await until(lambda: hook.titles == [FAILED])
        book = open_book(tmp_path, await log.identity(), [])
        status = ServiceStatus("alerting")
        alerting = Alerting(another, book, [], NOBODY, AlertRules(), status, interval=0.1)
        async with at_work(alerting):
            if isinstance(another, ErasingLog):
                await until(lambda: status.health.unreadiness() is None and set(book.places.values()) == {1})
            else:
                await until(lambda: names(status.health.unreadiness(), book.path))
