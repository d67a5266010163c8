"""All projects, a card each."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.dashboard.figures import CARD
from services.dashboard.site import Site, sparkline


def routes(site: Site) -> Iterator[Route]:
    async def projects(request: Request) -> Response:
        newest = site.queries.newest()
        cards = [
            {
                **card,
                "newest": newest.get(project),
                "line": sparkline(card["trend"]),
                "argilla": site.places.link(project),
            }
            for project, card in site.queries.figures(CARD).items()
        ]
        cards.sort(key=_importance)
        return site.draw(request, "projects.html", title="Projects", cards=cards)

    yield Route("/", projects)


def _importance(card: dict[str, Any]) -> tuple[Any, ...]:
    """Those that go on first, then by name."""
    return card["phase"] in ("finished", "ended"), card["name"].casefold(), card["project"]
