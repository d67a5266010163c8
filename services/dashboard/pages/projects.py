"""All projects, a card each."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.dashboard.figures import CARD
from services.dashboard.service_states import STATES, Look, worst
from services.dashboard.site import Site, sparkline


def routes(site: Site) -> Iterator[Route]:
    async def projects(request: Request) -> Response:
        newest = site.queries.newest()
        cards = [
            {
                **site.card(project, card),
                "newest": newest.get(project),
                "line": sparkline(card["trend"]),
                "argilla": site.places.link(project),
            }
            for project, card in site.queries.figures(CARD).items()
        ]
        cards.sort(key=_importance)
        return site.draw(
            request,
            "projects.html",
            title="Projects",
            cards=cards,
            looks=site.looks,
            worst=worst(site.looks),
            health=_health(site.looks),
        )

    yield Route("/", projects)


def _health(looks: Sequence[Look]) -> str:
    """How many services fare how, the worst first."""
    counts = Counter(look.state for look in looks)
    states = ", ".join(f"{counts[state]} {state}" for state in reversed(STATES) if counts[state])
    return f"Services: {states}"


def _importance(card: dict[str, Any]) -> tuple[Any, ...]:
    """Those that go on first, then by name."""
    return card["phase"] in ("finished", "ended"), card["name"].casefold(), card["project"]
