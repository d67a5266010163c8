"""Receive Argilla's webhooks: which data set an event is about, if Argilla has signed it.

The signature is that of https://www.standardwebhooks.com.
"""

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from labelloop.observe.server import AppServer

LARGEST = 2 * 1024 * 1024
"""Bytes of an event. It holds a text, and what its data set is like."""
MOST_AT_ONCE = 8
TOLERANCE = 300.0
"""Seconds by which the time of an event and this machine's may differ."""
OUTCOMES = {
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    503: "Service Unavailable",
}


class Receiver:
    """Calls `on_answer` with the name of a data set for each event about an answer there, in a thread.

    It takes events once `secret` is known. `heard`: how many it has taken. `refused`: how many it did not
    take because of their signature or their time. Raises OSError if the address is not available.
    """

    def __init__(self, host: str, port: int, on_answer: Callable[[str], None]) -> None:
        self.secret: str | None = None
        self.heard = self.refused = 0
        self._on_answer = on_answer
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._server = AppServer(host, port, self._answer, "webhooks")
        self.port = self._server.port

    def close(self) -> None:
        self._server.close()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        outcome = 503
        if self._room.acquire(blocking=False):
            try:
                outcome = self._take(environ)
            finally:
                self._room.release()
        start_response(f"{outcome} {OUTCOMES[outcome]}", [("Content-Length", "0")])
        return []

    def _take(self, environ: Mapping[str, Any]) -> int:
        """Take an event. Returns the status of the HTTP answer."""
        length = environ.get("CONTENT_LENGTH") or ""
        if environ["REQUEST_METHOD"] != "POST":
            return 405
        if not is_number(length):
            return 411
        if int(length) > LARGEST:
            return 413
        if self.secret is None:
            return 503
        try:
            body = environ["wsgi.input"].read(int(length))
        except OSError:
            return 400
        signed = [environ.get(f"HTTP_WEBHOOK_{name}", "") for name in ("ID", "TIMESTAMP", "SIGNATURE")]
        if not is_signed(self.secret, signed[0], signed[1], signed[2], body, time.time()):
            self.refused += 1
            return 401
        self.heard += 1
        name = data_set_of(body)
        if name is not None:
            self._on_answer(name)
        return 204


def is_signed(secret: str, id: str, timestamp: str, signatures: str, body: bytes, now: float) -> bool:
    """Whether one of the signatures is that of the event, and the event is of about `now`."""
    if not is_number(timestamp) or abs(now - int(timestamp)) > TOLERANCE:
        return False
    key = base64.b64decode(f"{secret.removeprefix('whsec_')}==")
    # Headers come as Latin-1, whatever their bytes are.
    signed = f"{id}.{timestamp}.".encode("latin-1", "replace") + body
    awaited = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
    given = signatures.encode("latin-1", "replace").split(b" ")
    return any(hmac.compare_digest(awaited, each) for each in given)


def data_set_of(body: bytes) -> str | None:
    """The name of the data set in which somebody answered, or None if the event is about something else."""
    try:
        name = json.loads(body)["data"]["record"]["dataset"]["name"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return name if isinstance(name, str) else None


def is_number(text: str) -> bool:
    """Whether it is a number without a sign, of which no more is computed than what fits into a header."""
    return text.isascii() and text.isdecimal() and len(text) <= 15
