"""All texts that people were asked, and the whole story of each."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labelloop.loop.state import LoopState
from labelloop.projects.why import reason_of, reasons
from services.dashboard.figures import CARD
from services.dashboard.site import Site
from services.dashboard.text_queries import PAGE, TextFilter

LARGEST = 2**62


def routes(site: Site) -> Iterator[Route]:
    async def texts(request: Request) -> Response:
        cards = site.queries.figures(CARD)
        given = request.query_params
        project = given.get("project") or next(iter(cards), "")
        chosen = TextFilter(**{name: given.get(name, "") for name in TextFilter.names()})
        after = _place(given.get("after"))
        rows = site.texts.found(project, chosen, after, PAGE + 1)
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        more = None
        if last is not None:
            more = urlencode({"project": project, **chosen.given, "after": f"{last['asked']} {last['rank']}"})
        return site.draw(
            request,
            "texts.html",
            title="Texts",
            project=project,
            cards=cards,
            chosen=chosen,
            rows=rows[:PAGE],
            after=after,
            more=more,
            count=site.texts.count(project, chosen),
            choices=site.texts.choices(project),
        )

    async def text(request: Request) -> Response:
        project, item = request.path_params["project"], min(request.path_params["item"], LARGEST)
        if site.queries.figure(project, CARD) is None or site.history is None:
            raise HTTPException(404)
        state = site.history(project).state
        if not isinstance(state, LoopState):
            raise HTTPException(404)
        story = reasons(state, item)
        if not story["asked"]:
            raise HTTPException(404)
        return site.draw(
            request,
            "text.html",
            title=f"Text {item}",
            project=project,
            item=item,
            story={**story, "asked": [_told(asking) for asking in story["asked"]]},
            text=site.texts.words(project, item),
            argilla=site.places.link(project, item),
        )

    yield Route("/texts", texts)
    yield Route("/texts/{project}/{item:int}", text)


def _told(asking: Mapping[str, Any]) -> dict[str, Any]:
    return {**asking, "why": reason_of(asking)}


def _place(text: str | None) -> tuple[str, int] | None:
    asked, _, rank = (text or "").rpartition(" ")
    return (asked, min(int(rank), LARGEST)) if asked and rank.isdecimal() and len(rank) < 20 else None
