"""The dashboard's routes. To add a page, see `pages/__init__.py`."""

import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from services.dashboard.guard import Guard
from services.dashboard.live import Hub
from services.dashboard.pages import PAGES
from services.dashboard.site import Site

STATIC = Path(__file__).parent / "static"
HASTY = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def application(site: Site, token: str, port: int) -> Guard:
    """All of the dashboard, behind its guard."""
    app = Starlette(routes=list(_routes(site)), exception_handlers={HTTPException: _nothing(site)})
    # A redirect would go to whatever host the request names.
    app.router.redirect_slashes = False
    return Guard(app, token, site.settings.names, port)


def _routes(site: Site) -> Iterator[BaseRoute]:
    for page in PAGES:
        yield from page(site)

    async def live(request: Request) -> Response:
        return _Live(site.hub)

    yield Route("/live", live)
    yield Mount("/static", _Static(directory=STATIC))


class _Live(Response):
    """What changes, as long as the page is open. An answer that says so where too many are."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._hub.page() as page:
            answer: Response = PlainTextResponse("Too many pages are open.\n", 503, {"Retry-After": "5"})
            if page is not None:
                lines = self._hub.stream(page)
                answer = StreamingResponse(lines, media_type="text/event-stream", headers=HASTY)
            await answer(scope, receive, send)


class _Static(StaticFiles):
    """Files, of which none has a name that no file can have."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        try:
            return super().lookup_path(path)
        except (ValueError, OSError):
            return "", None


def _nothing(site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def nothing(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return site.draw(request, "nothing.html", title="Not here", status=status)

    return nothing
