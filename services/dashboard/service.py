"""The dashboard as a process: it follows the log, and answers a browser."""

import asyncio
import ctypes
import logging
import socket
from contextlib import suppress
from functools import partial

from labelloop import atomic
from labelloop.alerts.settings import rules_in
from labelloop.config.dashboard import DashboardSettings
from labelloop.config.environment import DASHBOARD
from labelloop.config.home import Home
from labelloop.log import Log, open_log
from labelloop.log.base import DeadLetterStatus
from labelloop.observe.service_status import LOG, ServiceStatus
from labelloop.observe.settings import Observing
from labelloop.runtime.process import keep
from labelloop.runtime.retry import Retry
from labelloop.serving.http import HttpServer, listener
from labelloop.serving.token import OF_DASHBOARD, token
from services.dashboard.application import application
from services.dashboard.asked_texts import Wording
from services.dashboard.doctor_checks import examine
from services.dashboard.figures import quick_figures, thorough_figures
from services.dashboard.following import Following
from services.dashboard.live import EVERYTHING, Hub
from services.dashboard.projection import Projector
from services.dashboard.queries import Queries
from services.dashboard.read_model import ReadModel
from services.dashboard.service_states import ServicesWatch
from services.dashboard.site import Site
from services.dashboard.text_queries import TextQueries

logger = logging.getLogger(__name__)
NAME = "dashboard"
PARTING = 2
"""Seconds that requests in flight get when it stops."""
LETTERS_INTERVAL = 1.0
SERVICES_INTERVAL = 1.0
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""The numbers of glibc's settings in its malloc.h."""
MOST_KEPT = 1 << 18


async def main(observing: Observing) -> None:
    """Run the service as a process. Raises UserError."""
    _give_memory_back()
    settings = DashboardSettings.from_environment()
    atomic.make_folder(settings.state)
    awaited = token(settings.token_file, Home(settings.state, "user"), DASHBOARD, OF_DASHBOARD)
    log = open_log(settings.log)
    try:
        with listener(settings.host, settings.port) as (bound, url):

            async def work(status: ServiceStatus) -> None:
                status.show(page=url)
                identity = await Retry(status, LOG).until_done(log.identity)
                await _serve(settings, log, identity, status, bound, awaited.value, observing.token)

            await keep(NAME, work, observing, settings.run, settings.parent)
    finally:
        await log.close()


def _give_memory_back() -> None:
    """Let glibc return what is freed. By itself it keeps twice as much as the largest block was: a fold."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for setting in (TRIM_THRESHOLD, MMAP_THRESHOLD):
            libc.mallopt(setting, MOST_KEPT)


async def _serve(
    settings: DashboardSettings,
    log: Log,
    identity: str,
    status: ServiceStatus,
    bound: socket.socket,
    awaited: str,
    asking: str | None,
) -> None:
    """Follow the log and answer browsers until cancelled."""
    model, hub = ReadModel(settings.state, identity), Hub()
    projector = Projector(model, identity)
    reader = model.reader()
    site = Site(settings, Queries(reader), TextQueries(reader), model, hub)
    site.history = projector.history
    wording = Wording(site.store, model, projector, hub, status)
    wording.note(site.queries.projects())
    quick = partial(quick_figures, store=settings.store, rules=rules_in(DASHBOARD))
    following = Following(log, model, projector, quick, thorough_figures, hub, status, wording.note)
    server = HttpServer(application(site, awaited, bound.getsockname()[1]), PARTING)
    answering = asyncio.create_task(server.serve([bound]))
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(following.run())
            tasks.create_task(wording.run())
            tasks.create_task(site.places.run())
            tasks.create_task(examine(site))
            tasks.create_task(_look_for_letters(log, site, status))
            tasks.create_task(_look_at_services(site, ServicesWatch(settings.run, settings.watch, asking)))
            await answering
    finally:
        hub.close()
        server.stop()
        await asyncio.wait([answering])
        site.recorded.close()
        site.folders.close()
        site.what_ifs.close()
        site.search.close()
        await site.store.close()
        projector.save()
        model.close()


async def _look_for_letters(log: Log, site: Site, status: ServiceStatus) -> None:
    """Keep what consumers could not handle, as it is now."""
    retry = Retry(status, "dead letters")
    while True:
        letters = await retry.until_done(log.dead_letters.read)
        unsettled = [letter for letter in letters.values() if letter.status is not DeadLetterStatus.SETTLED]
        if unsettled != site.letters:
            site.letters = unsettled
            site.hub.tell([EVERYTHING])
        await asyncio.sleep(LETTERS_INTERVAL)


async def _look_at_services(site: Site, watch: ServicesWatch) -> None:
    """Keep how the services fare, as it is now."""
    while True:
        looks = await watch.look()
        is_news = [look.calm for look in looks] != [look.calm for look in site.looks]
        site.looks = looks
        if is_news:
            site.hub.tell([EVERYTHING])
        await asyncio.sleep(SERVICES_INTERVAL)
