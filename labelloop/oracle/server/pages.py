"""The web page asks nobody but its own server."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "style-src 'self' 'unsafe-inline'; font-src 'self' data:"


class OwnFonts:
    """Middleware that keeps a browser from fetching the page's fonts elsewhere: they fall back to its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = POLICY
            await send(message)

        of_page = scope["type"] == "http" and not scope["path"].startswith("/api/")
        await self._app(scope, receive, send_with_policy if of_page else send)
