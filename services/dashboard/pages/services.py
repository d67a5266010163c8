"""The services: how each fares, and what failed."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labelloop.doctor import FAIL, OK, WARN
from services.dashboard.figures import CARD
from services.dashboard.service_states import ILL, WAITING, WELL
from services.dashboard.site import Site

LEVELS = {OK: WELL, WARN: WAITING, FAIL: ILL}


def routes(site: Site) -> Iterator[Route]:
    async def services(request: Request) -> Response:
        cards = site.queries.figures(CARD)
        failures = [
            {**failure, "project": project} for project, card in cards.items() for failure in card["failures"]
        ]
        return site.draw(
            request,
            "services.html",
            title="Services",
            looks=site.looks,
            findings=[(LEVELS[each.level], each) for each in site.findings],
            failures=failures,
            used=site.queries.newest_models(),
        )

    yield Route("/services", services)
