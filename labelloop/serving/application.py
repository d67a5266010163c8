"""The pages of a server: POST /predict, GET /health, /model and /metrics. What is wrong is told as JSON."""

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labelloop.serving import requests
from labelloop.serving.limits import Bucket, Limits, Refusal, too_large
from labelloop.serving.metrics import ServeMetrics
from labelloop.serving.models import SOON, Models, Served
from labelloop.serving.scorer import NotScored, ScorerEnded
from labelloop.serving.token import bears

logger = logging.getLogger(__name__)
HEALTH, METRICS = "/health", "/metrics"
SLOWEST_BODY = 10.0
MOST_AT_ONCE = 128
"""Requests for predictions whose bodies are read or wait."""
READ_IN_VAIN = 16
"""A body that is too large is read up to so many times its limit, as a client that writes hears nothing."""
UNKNOWN = "other"
Page = Callable[[Request], Awaitable[Response]]


class Server:
    """What answers requests. `tokens`: that of all pages, and one that is for the metrics alone, if any."""

    def __init__(
        self,
        project: str,
        columns: Collection[str],
        models: Models,
        limits: Limits,
        metrics: ServeMetrics,
        token: str,
        metrics_token: str | None = None,
    ) -> None:
        self._project = project
        self._columns = tuple(columns)
        self._models = models
        self._limits = limits
        self._metrics = metrics
        self._tokens = {METRICS: [token, *([metrics_token] if metrics_token else [])]}
        self._token = token
        self._bucket = Bucket(limits.rate)
        self._at_once = 0
        pages: dict[str, tuple[str, Page]] = {
            "/predict": ("POST", self._predict),
            HEALTH: ("GET", self._health),
            "/model": ("GET", self._model),
            METRICS: ("GET", self._show_metrics),
        }
        self._paths = frozenset(pages)
        app = Starlette(
            routes=[Route(path, page, methods=[method]) for path, (method, page) in pages.items()],
            exception_handlers={Refusal: _refused, HTTPException: self._no_page, Exception: _failed},
        )
        # A redirect would go to whatever host the request names.
        app.router.redirect_slashes = False
        self._app: ASGIApp = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"] if scope["path"] in self._paths else UNKNOWN

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(path, message["status"])
            await send(message)

        if path != HEALTH and not bears(scope["headers"], self._tokens.get(path, [self._token])):
            response = _told(401, "the token is missing or wrong: send Authorization: Bearer and the token")
            response.headers["WWW-Authenticate"] = "Bearer"
            await response(scope, receive, counted)
            return
        try:
            await self._app(scope, receive, counted)
        except Exception as error:
            # Without its message, in which there may be a text.
            where = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("%s failed: %s in %s:%s", path, type(error).__name__, where.filename, where.lineno)

    async def _predict(self, request: Request) -> Response:
        began = time.monotonic()
        self._bucket.take(began)
        self._models.served()
        if self._at_once >= MOST_AT_ONCE:
            raise Refusal(503, "too many requests wait: try again soon", SOON)
        self._at_once += 1
        try:
            question = requests.read(await self._body(request), self._columns, self._limits)
            answer = await self._answered(self._models.served(), question)
        finally:
            self._at_once -= 1
        self._metrics.predicted(time.monotonic() - began)
        return _json(answer)

    async def _answered(self, served: Served, question: requests.Question) -> dict[str, Any]:
        texts = len(question.texts)
        if self._metrics.waiting + texts > self._limits.waiting:
            raise Refusal(503, "too many texts wait for the model: try again soon", SOON)
        try:
            with self._metrics.waits(texts):
                return await served.answer(question)
        except ScorerEnded:
            raise Refusal(503, "the model's process ended, and is started again: try again", SOON) from None
        except NotScored as error:
            logger.warning("a request's texts could not be scored (%s)", error)
            raise Refusal(500, "the model cannot score these texts: see the server's log") from None

    async def _body(self, request: Request) -> bytes:
        """The body. Its size is that of what comes, whatever its header says. Raises Refusal."""
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refusal(415, "the body is compressed: send JSON as it is")
        body = bytearray()
        size = 0
        try:
            async with asyncio.timeout(SLOWEST_BODY):
                async for part in request.stream():
                    size += len(part)
                    if size <= self._limits.body:
                        body += part
                    elif size > READ_IN_VAIN * self._limits.body:
                        break
        except TimeoutError:
            raise Refusal(408, f"the body did not come within {SLOWEST_BODY:g} seconds: send it") from None
        except ClientDisconnect:
            raise Refusal(400, "the body did not come") from None
        if size > self._limits.body:
            raise too_large(self._limits)
        return bytes(body)

    async def _health(self, request: Request) -> Response:
        self._models.served()
        return _json({"status": "ok"})

    async def _model(self, request: Request) -> Response:
        return _json({"project": self._project, **self._models.served().about()})

    async def _show_metrics(self, request: Request) -> Response:
        return Response(generate_latest(self._metrics.registry), media_type=CONTENT_TYPE_LATEST)

    async def _no_page(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        there = ", ".join(sorted(self._paths))
        sentence = f"there are {there}" if error.status_code == 404 else "this page wants another method"
        return _told(error.status_code, sentence, dict(error.headers or {}))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status in (408, 413):
        # What is left of the body is not waited for.
        headers["Connection"] = "close"
    return _told(error.status, error.sentence, headers)


async def _failed(request: Request, error: Exception) -> Response:
    return _told(500, "the server failed at this request: see its log")


def _told(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return _json({"error": sentence}, status, headers)


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")
