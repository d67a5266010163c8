"""`labelloop events`: print the events of a log."""

import asyncio
import json
import re
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.cli.options import Moment, Pattern
from labelloop.config.locations import Where
from labelloop.errors import UserError, one_line

if TYPE_CHECKING:
    from labelloop.log.base import Record
    from schemas.envelope import Event


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where
@click.option("--project", help="Only events of this project, by its name or id.")
@click.option(
    "--type",
    "names",
    envvar="LABELLOOP_TYPE",
    multiple=True,
    help="Only events of this type, for example ModelTrained. Can be given several times.",
)
@click.option("--batch", help="Only events about this batch.")
@click.option("--model", help="Only events about this model.")
@click.option("--since", type=Moment(), help="Only events from this time on. 2h means two hours ago.")
@click.option("--until", type=Moment(), help="Only events up to this time.")
@click.option(
    "--grep",
    "pattern",
    envvar="LABELLOOP_GREP",
    type=Pattern(),
    help="Only events whose data, as JSON, match this regular expression.",
)
@click.option("-n", "--lines", type=click.IntRange(0), help="Only the newest N events.")
@click.option("-r", "--reverse", is_flag=True, help="Newest first.")
@click.option("-f", "--follow", is_flag=True, help="Keep printing new events until Ctrl-C.")
@click.option(
    "--json",
    "as_json",
    envvar="LABELLOOP_JSON",
    is_flag=True,
    help="Print one CloudEvent per line, as structured JSON.",
)
def events(
    where: Where,
    project: str | None,
    names: tuple[str, ...],
    batch: str | None,
    model: str | None,
    since: "datetime | None",
    until: "datetime | None",
    pattern: "re.Pattern[str] | None",
    lines: int | None,
    reverse: bool,
    follow: bool,
    as_json: bool,
) -> None:
    """Print the events of a log or of one project, oldest first.

    `labelloop events -n 20 --follow`

    `labelloop events --type ServiceFailed --since 1d`

    `labelloop events --json | jq 'select(.type=="labelloop.ModelEvaluated.v1") | .data.accuracy'`
    """
    from schemas.envelope import event_name
    from schemas.events import EVENTS

    if reverse and follow:
        raise UserError("--follow and --reverse do not go together: give only one of them")
    event_names = list(dict.fromkeys(event_name(type_name) for type_name in EVENTS))
    for name in names:
        if name not in event_names:
            raise UserError(f"there is no event type {name!r}: choose from {', '.join(event_names)}")
    event_filter = EventFilter(None, names, batch, model, since, until, pattern)
    asyncio.run(_events(where, project, event_filter, ListingOptions(lines, reverse, follow, as_json)))


@dataclass(frozen=True)
class ListingOptions:
    """How many events to print, in which order, and in which format."""

    lines: int | None
    reverse: bool
    follow: bool
    as_json: bool


async def _events(
    where: Where, project: str | None, event_filter: "EventFilter", shown: ListingOptions
) -> None:
    from labelloop.cli.opened import opened
    from labelloop.log.base import own_group
    from labelloop.projects.catalog import choose

    async with opened(where.find()) as opened_log:
        if project:
            event_filter = replace(event_filter, project=choose(opened_log.histories, project).project)
        last_records: deque[Record] = deque(maxlen=shown.lines)
        read: dict[int, int] = {}
        if shown.lines is not None or not shown.follow:
            async for record in opened_log.log.read(event_filter.project):
                read[record.partition] = record.offset
                if record.event is not None and not event_filter.has(record.event):
                    continue
                if shown.lines is None and not shown.reverse:
                    _print(record, shown.as_json)
                else:
                    last_records.append(record)
        for record in reversed(last_records) if shown.reverse else last_records:
            _print(record, shown.as_json)
        if shown.follow:
            async with opened_log.log.follow(own_group()) as follower:
                async for record in follower:
                    is_wanted = (
                        event_filter.has(record.event) if record.event else event_filter.project is None
                    )
                    if is_wanted and record.offset > read.get(record.partition, -1):
                        _print(record, shown.as_json)


def _print(record: "Record", as_json: bool) -> None:
    from labelloop.projects.event_lines import about
    from schemas.envelope import to_structured

    event = record.event
    if event is None:
        echo(f"skipped offset {record.offset}, which is not an event: {record.problem}", err=True)
    elif as_json:
        echo(json.dumps(to_structured(event), ensure_ascii=False))
    else:
        line = one_line(about(to_structured(event).get("data")))
        echo(f"{event.time:%Y-%m-%d %H:%M:%S}  {event.project}  {event.name:<17} {line}".rstrip())


@dataclass(frozen=True)
class EventFilter:
    """Selects events that meet all given conditions. `batch` and `model` are those in the event's data."""

    project: str | None = None
    names: Collection[str] = ()
    batch: str | None = None
    model: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    pattern: re.Pattern[str] | None = None

    def has(self, event: "Event") -> bool:
        if self.project is not None and event.project != self.project:
            return False
        if self.names and event.name not in self.names:
            return False
        if (self.since and event.time < self.since) or (self.until and event.time > self.until):
            return False
        if self.pattern and not self.pattern.search(event.data.decode(errors="replace")):
            return False
        return self._speaks_of("batch", self.batch, event) and self._speaks_of("model", self.model, event)

    def _speaks_of(self, field: str, name: str | None, event: "Event") -> bool:
        if name is None:
            return True
        from schemas.envelope import to_structured

        data: Any = to_structured(event).get("data")
        return isinstance(data, dict) and data.get(field) == name
