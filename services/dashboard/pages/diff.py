"""What changed from one model to another, as `labelloop diff` tells it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labelloop.errors import Unavailable
from services.dashboard.charts import Chart
from services.dashboard.figures import CARD
from services.dashboard.predicted_texts import POOL, TEST, as_called
from services.dashboard.project_figures import MODELS, PROJECT
from services.dashboard.recorded_predictions import PredictionsWanted
from services.dashboard.site import Site, page_start

PAGE = 100
Called = Mapping[str, str]


def routes(site: Site) -> Iterator[Route]:
    async def compared(request: Request) -> dict[str, Any]:
        """What the page and its table are made of. Raises HTTPException where there is no such project."""
        project, given = request.path_params["project"], request.query_params
        if site.queries.figure(project, CARD) is None:
            raise HTTPException(404)
        models = {each["model"]: each for each in site.queries.figure(project, MODELS) or []}
        figures = site.queries.figure(project, PROJECT) or {}
        recorded = [name for name, each in models.items() if each["recorded"]]
        last = recorded[-2:] if len(recorded) > 1 else ["", ""]
        names = given.get("before") or last[0], given.get("after") or last[1]
        choice: dict[str, Any] = {
            "project": project,
            "models": recorded,
            "before": names[0],
            "after": names[1],
            "learned": [models[name]["labels"] if name in models else 0 for name in names],
            "test": (models[names[1]]["recorded"] or {}).get("test") if names[1] in models else None,
            "comparison": None,
            "figures": figures,
            "problem": _problem(names, models, recorded),
        }
        if choice["problem"] is None:
            try:
                choice["comparison"] = await site.recorded.of(
                    project, PredictionsWanted((models[names[0]]["recorded"], models[names[1]]["recorded"]))
                )
            except Unavailable as error:
                choice["problem"] = str(error)
            if choice["comparison"] is None and choice["problem"] is None:
                choice["problem"] = "what one of them says is gone from the store, or damaged"
        return choice

    async def diff(request: Request) -> Response:
        choice, given = await compared(request), request.query_params
        comparison, called = choice["comparison"], choice["figures"].get("called") or {}
        part = TEST if given.get("of") == TEST else POOL
        flips = list(_chosen(comparison, part, called, given.get("from"), given.get("to")))
        first = page_start(given.get("first"))
        shown = flips[first : first + PAGE]
        items = [flip["item"] for flip in shown]
        texts = await site.beginnings.of_part(
            choice["project"], choice["figures"], part, choice["test"], items
        )
        kept = {"before": choice["before"], "after": choice["after"], "of": part}
        moved = {name: given[name] for name in ("from", "to") if given.get(name) is not None}
        more = {**kept, **moved, "first": first + PAGE} if first + PAGE < len(flips) else None
        return site.draw(
            request,
            "diff.html",
            title=f"Models {choice['before']} and {choice['after']}" if comparison else "Two models",
            **choice,
            part=part,
            moves=list(_moves(comparison, called, kept)) if comparison else [],
            classes=[{**each, "label": as_called(called, [each["label"]])} for each in comparison["classes"]]
            if comparison
            else [],
            flips=[{**flip, "text": texts.get(flip["item"])} for flip in shown],
            count=len(flips),
            first=first,
            moved=moved,
            here=urlencode(kept),
            of_test=urlencode({**kept, "of": TEST}),
            of_pool=urlencode({**kept, "of": POOL}),
            more=urlencode(more) if more else None,
        )

    async def table(request: Request) -> Response:
        choice = await compared(request)
        if choice["comparison"] is None:
            raise HTTPException(404)
        called = choice["figures"].get("called") or {}
        columns = ("set", "item", "before", "after", "probability before", "probability after", "gold")
        rows = [
            (part, *(flip[name] for name in ("item", "before", "after")), *_sure(flip), flip["gold"])
            for part in (TEST, POOL)
            for flip in _chosen(choice["comparison"], part, called, None, None)
        ]
        chart = Chart("flips", "Flips", "none", columns, rows)
        headers = {"Content-Disposition": 'attachment; filename="flips.csv"'}
        return Response(chart.csv, media_type="text/csv; charset=utf-8", headers=headers)

    yield Route("/models/{project}/diff", diff)
    yield Route("/models/{project}/diff.csv", table)


def _problem(
    names: tuple[str, str], models: Mapping[str, Mapping[str, Any]], recorded: Sequence[str]
) -> str | None:
    """Why these two cannot be compared, if so."""
    if len(recorded) < 2:
        return "the predictions of fewer than two models are recorded so far"
    if names[0] == names[1]:
        return "both are the same model: choose two"
    for name in names:
        if name not in models:
            return f"there is no model {name}"
        if name not in recorded:
            return f"the predictions of model {name} are not recorded"
    return None


def _chosen(
    comparison: Mapping[str, Any] | None, part: str, called: Called, before: str | None, after: str | None
) -> Iterator[dict[str, Any]]:
    """The texts that get other labels, as they are called now; only those of one move, if it is given."""
    for flip in (comparison or {}).get("test_flips" if part == TEST else "flips", ()):
        names = {name: as_called(called, flip[name]) for name in ("before", "after")}
        if before in (None, names["before"]) and after in (None, names["after"]):
            gold = None if flip["gold"] is None else as_called(called, flip["gold"])
            yield {**flip, **names, "gold": gold}


def _moves(
    comparison: Mapping[str, Any], called: Called, kept: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for move in comparison["moves"]:
        before, after = as_called(called, move["before"]), as_called(called, move["after"])
        query = urlencode({**kept, "of": POOL, "from": before, "to": after})
        yield {"before": before, "after": after, "texts": move["texts"], "query": query}


def _sure(flip: Mapping[str, Any]) -> tuple[float, float]:
    return round(flip["probability_before"], 6), round(flip["probability_after"], 6)
