"""The log, live: its events by type, batch and model, each whole, with its cause and what it caused."""

from collections.abc import Iterator
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.dashboard.queries import PAGE, EventQuery
from services.dashboard.site import Site, whole_number


def routes(site: Site) -> Iterator[Route]:
    async def events(request: Request) -> Response:
        given = request.query_params
        chosen = EventQuery(*(given.get(name, "") for name in ("project", "type", "batch", "model")))
        if chosen.project and chosen.project not in site.queries.projects():
            raise HTTPException(404)
        before = whole_number(given.get("before"))
        rows = site.queries.events(chosen, before, PAGE + 1)
        is_more = len(rows) > PAGE
        older = {**chosen.given, "before": rows[PAGE - 1]["seq"]} if is_more else None
        return site.draw(
            request,
            "events.html",
            title="Events",
            rows=rows[:PAGE],
            chosen=chosen,
            before=before,
            older=None if older is None else urlencode(older),
            newest=urlencode(chosen.given),
            names=site.queries.event_names(),
            projects=site.queries.projects(),
            count=site.queries.count(EventQuery()),
            matching=site.queries.count(chosen),
            letters=site.letters,
        )

    async def event(request: Request) -> Response:
        seq = whole_number(request.path_params["seq"])
        event = None if seq is None else site.queries.event(seq)
        if event is None:
            raise HTTPException(404)
        return site.draw(
            request,
            "event.html",
            title=str(event["name"]),
            event=event,
            causes=site.queries.of_id(event["cause"]),
            effects=site.queries.effects(event["id"]),
            copies=[row for row in site.queries.of_id(event["id"]) if row["seq"] != event["seq"]],
        )

    yield Route("/events", events)
    yield Route("/events/{seq}", event)
