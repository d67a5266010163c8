"""The service that alerts, inside the test's process."""

from pathlib import Path

from labelloop.alerts import targets
from labelloop.alerts.settings import Rules
from labelloop.log.base import Log
from labelloop.observe.instruments import Instruments
from labelloop.observe.status_file import Slot
from services.alerting.book import open_book
from services.alerting.service import Alerting
from services.alerting.watching import Watching
from tests.support.receivers import Hook

NOBODY = Watching(None, {})


async def an_alerting(
    log: Log, folder: Path, hook: Hook, watching: Watching = NOBODY, rules: Rules | None = None
) -> Alerting:
    """It looks ten times a second, and keeps what it told in the folder."""
    told = targets([hook.url])
    book = open_book(folder, await log.identity(), [target.id for target in told])
    slot, instruments = Slot(None, "alerting"), Instruments.of("alerting")
    return Alerting(log, book, told, watching, rules or Rules(), slot, instruments, interval=0.1)
