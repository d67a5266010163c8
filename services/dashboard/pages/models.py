"""The models of a project, each beside the one before it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.dashboard.figures import CARD
from services.dashboard.project_figures import MODELS
from services.dashboard.site import Site

PAGE = 100
LONGEST = 10


def routes(site: Site) -> Iterator[Route]:
    async def models(request: Request) -> Response:
        cards = site.queries.figures(CARD)
        project = request.query_params.get("project") or next(iter(cards), "")
        given = request.query_params.get("from", "")
        first = int(given) if given.isdecimal() and len(given) < LONGEST else 0
        found = list(_beside(site.queries.figure(project, MODELS) or []))
        following = urlencode({"project": project, "from": first + PAGE})
        return site.draw(
            request,
            "models.html",
            title="Models",
            project=project,
            cards=cards,
            models=found[first : first + PAGE],
            older=following if found[first + PAGE :] else None,
        )

    yield Route("/models", models)


def _beside(models: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The newest model first, each with what changed against the one before."""
    for before, model in reversed(list(zip([None, *models], models, strict=False))):
        known = before is not None and None not in (before["accuracy"], model["accuracy"])
        yield {
            **model,
            "before": before["model"] if before else None,
            "more_labels": model["labels"] - before["labels"] if before else model["labels"],
            "change": model["accuracy"] - before["accuracy"] if known and before else None,
        }
