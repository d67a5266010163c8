"""The service that alerts, inside the test's process."""

import json
from pathlib import Path

from labelloop.alerts.channels import targets
from labelloop.alerts.problems import SILENT, Alert, ServiceHealth, failing_after, of_project, of_service
from labelloop.alerts.settings import BOOK, AlertRules
from labelloop.log.base import Log
from labelloop.loop.state import NotCreated
from labelloop.observe.service_status import ServiceStatus
from schemas.envelope import new_event
from schemas.events import ServiceFailed
from services.alerting.open_alerts import Book, open_book
from services.alerting.service import Alerting
from services.alerting.watching import ServiceWatch
from tests.support.controllers import until
from tests.support.receivers import Hook
from tests.support.states import PROJECT, START

NOBODY = ServiceWatch(None, {})


async def an_alerting(
    log: Log, folder: Path, hook: Hook, watching: ServiceWatch = NOBODY, rules: AlertRules | None = None
) -> Alerting:
    """It looks ten times a second, and keeps what it told in the folder."""
    alert_targets = targets([hook.url])
    book = open_book(folder, await log.identity(), [target.id for target in alert_targets])
    return Alerting(
        log, book, alert_targets, watching, rules or AlertRules(), ServiceStatus("alerting"), interval=0.1
    )


async def until_told(hook: Hook, folder: Path, *titles: str) -> None:
    """And until that is noted: what is stopped before tells it again."""
    await until(lambda: hook.titles == list(titles) and not json.loads((folder / BOOK).read_text())["outbox"])


def titles_of(alert: Alert) -> tuple[str, str]:
    """Under which titles people are told of an alert, and later that it is over."""
    book = Book(Path(), "log", ["people"])
    book.change("something", {alert.key: alert}, START)
    book.change("something", {}, START)
    begun, over = (f"labelloop: {queued.message.title}" for queued in book.outbox)
    return begun, over


def failed_titles(project: str = PROJECT, service: str = "trainer") -> tuple[str, str]:
    """Those of a failure of a service in a project."""
    failure = ServiceFailed(service=service, due="poll", kind="x", error="x", attempt=1)
    failing = failing_after({}, new_event(project, failure, source=service))
    (alert,) = of_project(NotCreated(project), failing, None, AlertRules(), None).values()
    return titles_of(alert)


def silent_titles(service: str) -> tuple[str, str]:
    """Those of a service that does not answer, or is not ready."""
    (alert,) = of_service(service, ServiceHealth("x", START), {SILENT}, AlertRules(), START).values()
    return titles_of(alert)
