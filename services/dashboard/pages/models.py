"""The models of a project, each beside the one before it, and its folder to take away."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from labelloop.errors import Unavailable
from services.dashboard.figures import CARD
from services.dashboard.project_figures import MODELS
from services.dashboard.recorded_predictions import PredictionsWanted
from services.dashboard.site import Site, page_start

UNFIT = re.compile(r"[^\w.-]+", re.ASCII)
PAGE = 100


def routes(site: Site) -> Iterator[Route]:
    known: dict[tuple[str, str], dict[str, Any]] = {}

    def changes(project: str, pairs: Mapping[str, PredictionsWanted]) -> dict[str, dict[str, Any] | None]:
        """What changed from the model before, in short, of each for which that was read already."""
        missing = [wanted for wanted in pairs.values() if (project, wanted.name) not in known]
        for wanted, change in zip(missing, site.recorded.now(project, missing), strict=True):
            if change:
                flips, compared = len(change["flips"]), change["compared"]
                known[project, wanted.name] = {"test": change["test"], "flips": flips, "compared": compared}
        return {model: known.get((project, wanted.name)) for model, wanted in pairs.items()}

    async def models(request: Request) -> Response:
        cards = site.queries.figures(CARD)
        project = request.query_params.get("project") or next(iter(cards), "")
        if project and project not in cards:
            raise HTTPException(404)
        first = page_start(request.query_params.get("from"))
        models = site.queries.figure(project, MODELS) or []
        end = max(0, len(models) - first)
        begin = max(0, end - PAGE)
        shown = models[begin:end]
        beside = list(zip(models, _pairs(models), strict=True))[begin:end]
        pairs = {each["model"]: wanted for each, wanted in beside if wanted}
        following = urlencode({"project": project, "from": first + PAGE})
        return site.draw(
            request,
            "models.html",
            title="Models",
            project=project,
            cards=cards,
            models=list(_beside(models[max(0, begin - 1) : end], changes(project, pairs)))[: len(shown)],
            older=following if begin else None,
            recorded=[each["model"] for each in models if each["recorded"]],
            folders=site.folders.now(project, shown),
            has_store=site.store.store is not None,
        )

    async def folder(request: Request) -> Response:
        project, name = request.path_params["project"], request.path_params["model"]
        models = site.queries.figure(project, MODELS) or []
        model = next((each for each in models if each["model"] == name), None)
        if model is None or site.store.store is None:
            raise HTTPException(404)
        called = f"{UNFIT.sub('_', project)}-{UNFIT.sub('_', name)}"
        facts = {key: model[key] for key in ("model", "attempt", "artifact", "sha256")}
        parts = site.store.folder(project, facts, called)
        try:
            first = await anext(parts)
        except (Unavailable, StopAsyncIteration) as error:
            return PlainTextResponse(f"The model cannot be read: {error}\n", 404)
        headers = {"Content-Disposition": f'attachment; filename="{called}.tar"'}
        return StreamingResponse(_with(first, parts), media_type="application/x-tar", headers=headers)

    yield Route("/models", models)
    yield Route("/models/{project}/{model}/folder.tar", folder)


async def _with(first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in parts:
        yield part


def _pairs(models: Sequence[Mapping[str, Any]]) -> list[PredictionsWanted | None]:
    """What changed from the model before, of each, if both were recorded."""
    records = [model["recorded"] for model in models]
    return [
        PredictionsWanted((before, after)) if before and after else None
        for before, after in zip([None, *records], records, strict=False)
    ]


def _beside(
    models: Sequence[Mapping[str, Any]], changes: Mapping[str, Mapping[str, Any] | None]
) -> Iterator[dict[str, Any]]:
    """The newest model first, each with what changed against the one before."""
    for before, model in reversed(list(zip([None, *models], models, strict=False))):
        known = before is not None and None not in (before["accuracy"], model["accuracy"])
        changed = changes.get(model["model"])
        yield {
            **model,
            "before": before["model"] if before else None,
            "more_labels": model["labels"] - before["labels"] if before else model["labels"],
            "change": model["accuracy"] - before["accuracy"] if known and before else None,
            **(changed or {"test": None, "flips": None, "compared": None}),
            "is_due": model["model"] in changes and changed is None,
        }
