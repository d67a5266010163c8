"""Changes to Argilla's page: it contacts no other server, and it shows the next batch by itself."""

import shutil
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "style-src 'self' 'unsafe-inline'; font-src 'self' data:"
SCRIPT = Path(__file__).with_name("next_batch.js")


class OwnFonts:
    """Middleware that keeps browsers from fetching fonts from other servers. They use their own fonts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = POLICY
            await send(message)

        of_page = scope["type"] == "http" and not scope["path"].startswith("/api/")
        await self._app(scope, receive, send_with_policy if of_page else send)


def show_next_batch(app: FastAPI) -> None:
    """Add our script to the server's copy of the pages, which is made at each start."""
    folder = _folder(app)
    shutil.copy(SCRIPT, folder)
    for page in folder.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        script = f'<script type="module" src="/{SCRIPT.name}"></script>'
        page.write_text(html.replace("</body>", f"{script}</body>"), encoding="utf-8")


def _folder(app: FastAPI) -> Path:
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, StaticFiles) and route.app.directory:
            return Path(route.app.directory)
    raise LookupError("this argilla-server has no web pages")
