"""The log: whether its file or its broker answers, and whether its projects can go on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from labelloop.doctor.finding import FAIL, OK, Finding
from labelloop.errors import Unavailable, UserError
from labelloop.log import open_log
from labelloop.loop.history import History
from labelloop.places import Places, check_log_is_there, is_file
from labelloop.projects.catalog import read_histories


@dataclass(frozen=True)
class Read:
    """What was found, and what the log says; `newest`: the time of its latest event."""

    findings: list[Finding]
    histories: Mapping[str, History] = field(default_factory=dict)
    newest: datetime | None = None


async def check_log(places: Places) -> Read:
    """Look at the log, without making one. Reads all of it."""
    try:
        check_log_is_there(places)
        if not await _is_there(places):
            return Read([Finding("log", OK, f"{places.log} is not there yet: the first project makes it")])
        return await _read(places.log)
    except Unavailable as error:
        return Read([Finding("log", FAIL, f"{error}: start it, or check --log and the network")])
    except UserError as error:
        return Read([Finding("log", FAIL, str(error))])


async def _is_there(places: Places) -> bool:
    if is_file(places.log):
        return places.home is None or not places.has_own_log or places.home.log.exists()
    # Says whether the package for Kafka is missing, which the import below needs.
    await open_log(places.log).close()
    from labelloop.log.kafka import has_topic, read_settings

    return await has_topic(read_settings(places.log))


async def _read(url: str) -> Read:
    times: list[datetime] = []
    log = open_log(url)
    try:
        histories = await read_histories(log, lambda event: times.append(event.time))
    finally:
        await log.close()
    halted = [
        Finding("log", FAIL, f"the project {history.project} is {history.halt}")
        for history in histories.values()
        if history.halt is not None
    ]
    said = f"{url} ({_count(len(histories), 'project')}, {_count(len(times), 'event')})"
    return Read(halted or [Finding("log", OK, said)], histories, max(times, default=None))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
