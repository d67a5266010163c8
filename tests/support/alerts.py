"""The service that alerts, inside the test's process."""

from pathlib import Path

from labelloop.alerts import targets
from labelloop.alerts.settings import Rules
from labelloop.log.base import Log
from labelloop.observe.status import ServiceStatus
from services.alerting.book import open_book
from services.alerting.service import Alerting
from services.alerting.watching import ServiceWatch
from tests.support.receivers import Hook

NOBODY = ServiceWatch(None, {})


async def an_alerting(
    log: Log, folder: Path, hook: Hook, watching: ServiceWatch = NOBODY, rules: Rules | None = None
) -> Alerting:
    """It looks ten times a second, and keeps what it told in the folder."""
    told = targets([hook.url])
    book = open_book(folder, await log.identity(), [target.id for target in told])
    return Alerting(log, book, told, watching, rules or Rules(), ServiceStatus("alerting"), interval=0.1)
