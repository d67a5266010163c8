"""Who may see the dashboard: a link with the token logs in. Whatever else asks gets nothing."""

import hashlib
import hmac
import ipaddress
import logging
import re
import socket
import traceback
from collections.abc import Iterable
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labelloop.serving.token import bears

logger = logging.getLogger(__name__)
LOGIN = "/login"
READING = ("GET", "HEAD")
A_YEAR = 365 * 24 * 3600
HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(:\d+)?")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
UNKNOWN = (
    "This page wants its token. Open the link that `labelloop up` prints beside Argilla's: it logs you in.\n"
)


class Guard:
    """Lets through what only reads, names this machine, and bears the token or the cookie of a login.

    `names`: further host names by which browsers may ask. Others could be of a page that was bound to this
    machine's address by its own DNS. `port` tells the cookies of several dashboards of one machine apart.
    """

    def __init__(self, app: ASGIApp, token: str, names: Iterable[str], port: int) -> None:
        self._app = app
        self._token = token
        self._names = {"localhost", socket.gethostname().lower(), *names}
        self._cookie = f"labelloop_dashboard_{port}"
        # Who reads the cookie cannot log in elsewhere by it.
        self._session = hmac.new(token.encode(), b"session of the dashboard", hashlib.sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = self._refusal(scope)
        try:
            await (answer or self._app)(scope, receive, hardened)
        except Exception as error:
            # Without its message, in which there may be a text.
            where = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("a page failed: %s in %s:%s", type(error).__name__, where.filename, where.lineno)

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer to what may not pass, and to a login. None: it may pass."""
        if not self._is_ours(scope):
            return PlainTextResponse("This is not a name of the dashboard.\n", 421)
        if scope["method"] not in READING:
            return PlainTextResponse("The dashboard only reads.\n", 405, {"Allow": "GET, HEAD"})
        if scope["path"] == LOGIN:
            return self._login(scope)
        if self._is_known(scope):
            return None
        return PlainTextResponse(UNKNOWN, 401, {"WWW-Authenticate": "Bearer"})

    def _login(self, scope: Scope) -> Response:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        if len(given) != 1 or not _same(given[0], self._token):
            return PlainTextResponse(UNKNOWN, 401, {"WWW-Authenticate": "Bearer"})
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            self._cookie,
            self._session,
            max_age=A_YEAR,
            httponly=True,
            samesite="lax",
            secure=scope.get("scheme") == "https",
        )
        return answer

    def _is_known(self, scope: Scope) -> bool:
        if bears(scope["headers"], [self._token]):
            return True
        given = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
        session = cookie_parser(given.decode("latin-1")).get(self._cookie, "")
        return _same(session, self._session)

    def _is_ours(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"host"]
        match = HOST.fullmatch(given[0].decode("latin-1")) if len(given) == 1 else None
        return match is not None and self._is_name(match[1].lower())

    def _is_name(self, name: str) -> bool:
        try:
            # An address is no name that anybody could bind.
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return name in self._names
        return True


def _same(given: str, awaited: str) -> bool:
    return hmac.compare_digest(given.encode(), awaited.encode())
