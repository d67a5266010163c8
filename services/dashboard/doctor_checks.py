"""What the quick checks of `labelloop doctor` find, again and again."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from labelloop.config.dashboard import DashboardSettings
from labelloop.doctor import Finding
from labelloop.doctor.machine import check_disks, judge_clock
from labelloop.doctor.software import check_python, check_versions
from services.dashboard.live import EVERYTHING
from services.dashboard.site import Site

INTERVAL = 30.0


async def examine(site: Site) -> None:
    """Keep what is found as it is now. What needs the network, a lock or a model is left to `doctor`."""
    software = await asyncio.to_thread(lambda: [check_python(), *check_versions({})])
    while True:
        findings = [*software, *_of_machine(site.settings, max(site.queries.newest().values(), default=None))]
        is_news = [each.level for each in findings] != [each.level for each in site.findings]
        site.findings = findings
        if is_news:
            site.hub.tell([EVERYTHING])
        await asyncio.sleep(INTERVAL)


def _of_machine(settings: DashboardSettings, newest: str | None) -> list[Finding]:
    folders = [settings.state, *([settings.run] if settings.run else [])]
    if settings.store and "://" not in settings.store:
        folders.append(Path(settings.store))
    return [
        *check_disks(folders),
        *judge_clock(datetime.now(UTC), {}, datetime.fromisoformat(newest) if newest else None),
    ]
