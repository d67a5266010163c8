"""All texts that people were asked, and the whole story of each."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from labelloop.loop.pools import pool_of
from labelloop.loop.state import LoopState
from labelloop.projects.why import reason_of, reasons
from services.dashboard.figures import CARD
from services.dashboard.predicted_texts import Content, as_called, of_item
from services.dashboard.project_figures import MODELS, PROJECT
from services.dashboard.recorded_predictions import PredictionsWanted
from services.dashboard.search import ListPart
from services.dashboard.similar_texts import most_alike
from services.dashboard.site import Site, whole_number
from services.dashboard.text_queries import COMPARED, LONGEST_WORDS, Place, TextFilter

BEGINNING = 10_000
"""So many characters of a text are on its page: browsers stand still over a long text without spaces."""
MOST_COMPARED, MOST_ALIKE, MOST_KNOWN = 2000, 5, 200
MOST_MODELS = 30
"""So many of the newest models are shown with what they say of a text."""


def routes(site: Site) -> Iterator[Route]:
    async def texts(request: Request) -> Response:
        cards = site.queries.figures(CARD)
        given = request.query_params
        project = given.get("project") or next(iter(cards), "")
        if project and project not in cards:
            raise HTTPException(404)
        chosen = TextFilter(**{name: given.get(name, "") for name in TextFilter.names()})
        part = ListPart(Place.read(given.get("after")), Place.read(given.get("until")))
        called = (site.queries.figure(project, PROJECT) or {}).get("called") or {}
        texts = await site.search.matching(project, chosen, list(called.values()), part)
        more = urlencode({"project": project, **chosen.given, "after": str(texts.until or "")})
        return site.draw(
            request,
            "texts.html",
            title="Texts",
            project=project,
            cards=cards,
            chosen=chosen,
            rows=texts.rows,
            after=part.after or "",
            until=texts.until or "",
            more=more,
            is_more=texts.is_more,
            count=texts.count,
            choices=texts.choices,
            longest=LONGEST_WORDS,
        )

    sought: dict[tuple[str, int], tuple[int, list[tuple[int, float]]]] = {}

    async def alike(project: str, item: int, text: str | None) -> list[dict[str, Any]]:
        """The labelled texts that are most like this one. They are sought again when more are labelled."""
        if text is None:
            return []
        labelled = {
            each: facts for each, facts in site.texts.labelled(project, MOST_COMPARED).items() if each != item
        }
        before = sought.get((project, item))
        if before is None or before[0] != len(labelled):
            others = [(each, words) for each, (_, words) in labelled.items()]
            if len(sought) > MOST_KNOWN:
                sought.clear()
            alike = await asyncio.to_thread(most_alike, text, others, MOST_ALIKE)
            before = sought[project, item] = len(labelled), alike
        return [
            {"item": each, "how": how, "label": labelled[each][0], "text": labelled[each][1]}
            for each, how in before[1]
            if each in labelled
        ]

    def asked_for(request: Request) -> tuple[str, int, LoopState]:
        """The project, the text and what the loop knows. Raises HTTPException where there is none."""
        project, item = request.path_params["project"], whole_number(request.path_params["item"])
        if item is None or site.queries.figure(project, CARD) is None or site.history is None:
            raise HTTPException(404)
        state = site.history(project).state
        if not isinstance(state, LoopState) or item >= pool_of(state).size:
            raise HTTPException(404)
        return project, item, state

    async def whole(request: Request) -> Response:
        project, item, _ = asked_for(request)
        figures = site.queries.figure(project, PROJECT) or {}
        text = await site.beginnings.whole(project, figures.get("pool") or (), item)
        if text is None:
            raise HTTPException(404)
        return PlainTextResponse(text)

    async def text(request: Request) -> Response:
        project, item, state = asked_for(request)
        story, figures = reasons(state, item), site.queries.figure(project, PROJECT) or {}
        known = {model["model"]: model for model in story["models"]}
        recorded = [
            each
            for each in site.queries.figure(project, MODELS) or []
            if each["recorded"] and (each["model"] in known or not story["asked"])
        ][-MOST_MODELS:]
        contents = site.recorded.now(project, [PredictionsWanted((each["recorded"],)) for each in recorded])
        says = {
            each["model"]: _said(content, item, figures.get("called") or {})
            for each, content in zip(recorded, contents, strict=True)
        }
        if not story["asked"]:
            names = [each["model"] for each in recorded]
            story["models"] = [
                {"model": each["model"], "labels": each["labels"], "learned_it": False}
                for each in site.queries.figure(project, MODELS) or []
                if each["model"] in names
            ]
        text = await site.beginnings.whole(project, figures.get("pool") or (), item)
        is_answered = any(asking.get("votes") for asking in story["asked"])
        return site.draw(
            request,
            "text.html",
            title=f"Text {item}",
            project=project,
            item=item,
            story={**story, "asked": [_told(asking) for asking in story["asked"]]},
            says=says,
            in_sample=any(says.values()),
            is_read=all(content is not None for content in contents),
            text=text,
            beginning=BEGINNING,
            compared=MOST_COMPARED,
            alike=await alike(project, item, text and text[:COMPARED]),
            argilla=site.places.link(project, item, is_answered) if story["asked"] else None,
            is_answered=is_answered,
        )

    yield Route("/texts", texts)
    yield Route("/texts/{project}/{item}", text)
    yield Route("/texts/{project}/{item}/whole.txt", whole)


def _said(content: Content | None, item: int, called: Mapping[str, str]) -> dict[str, Any] | None:
    """What a model says of a text, if it was asked."""
    predicted = None if content is None else of_item(content, item)
    if predicted is None:
        return None
    return {"labels": as_called(called, predicted.predicted), "probability": predicted.probability}


def _told(asking: Mapping[str, Any]) -> dict[str, Any]:
    return {**asking, "why": reason_of(asking)}
