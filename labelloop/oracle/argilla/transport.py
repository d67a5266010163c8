"""Requests to Argilla's API, and their errors."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Self

from labelloop.config.environment import LOOPBACK
from labelloop.errors import Unavailable, UserError
from labelloop.oracle.base import Missing, Refused, Rejected
from labelloop.startup import importing_without

# Its command line, which nobody calls here, would take click, rich and pygments: an eighth of a start.
with importing_without("click"):
    import httpx

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
LONGEST_DETAIL = 300


class Conflict(Rejected):
    """What the request would create already exists (409)."""


class NotArgilla(Unavailable):
    """Something other than Argilla answers at the URL: a wrong address, or a proxy's page."""


class Transport:
    """A keep-alive connection pool to `url`. `headers` and the key go with every request.

    Credentials in the address are sent too, but the attribute `url` does not show them.
    """

    def __init__(
        self, url: str, api_key: str, headers: Mapping[str, str] = NO_HEADERS, timeout: float = 20
    ) -> None:
        address = _address(url)
        self.url = str(address.copy_with(userinfo=b"")).rstrip("/")
        self._http = httpx.AsyncClient(
            base_url=f"{str(address).rstrip('/')}/api/v1/",
            headers=_sendable({**headers, "X-Argilla-Api-Key": api_key.strip()}),
            timeout=timeout,
            trust_env=address.host not in LOOPBACK,
            # Plain HTTP needs no certificates, and loading them takes longer than a request.
            verify=address.scheme == "https",
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._http.aclose()

    async def _request(
        self, method: str, path: str, *, body: Any = None, params: Mapping[str, str | int] | None = None
    ) -> Any:
        """The decoded answer, or None if it is empty.

        Raises Unavailable (no connection, time-out, 429, 5xx, or an answer that is not Argilla's), Refused
        (401: the key; 403: what it may do), Missing (404), Conflict (409), Rejected (400, 422).
        """
        return self._content(await self._answer(method, path, body=body, params=params))

    async def _answer(
        self, method: str, path: str, *, body: Any = None, params: Mapping[str, str | int] | None = None
    ) -> httpx.Response:
        """The answer, whatever its status. Raises Unavailable (no connection, time-out)."""
        try:
            return await self._http.request(method, path, json=body, params=params)
        except httpx.TimeoutException as error:
            raise self._away("does not answer in time") from error
        except httpx.TransportError as error:
            raise self._away(f"cannot be reached ({_reason(error)})") from error

    def _away(self, how: str) -> Unavailable:
        return Unavailable(f"Argilla at {self.url} {how}", outage=self.url)

    def _content(self, answer: httpx.Response) -> Any:
        """The content of an answer. Raises the errors of `_request`."""
        code = answer.status_code
        if code == 429 or code >= 500:
            raise self._away(f"answers {code}")
        if code == 204:
            return None
        try:
            content = answer.json()
        except ValueError as error:
            raise NotArgilla(f"there is no Argilla at {self.url} (it answers {code}, not JSON)") from error
        if code < 300:
            return content
        if not isinstance(content, dict) or "detail" not in content or code < 400:
            raise NotArgilla(f"there is no Argilla at {self.url} (it answers {code})")
        if code == 401:
            raise Refused(
                f"Argilla at {self.url} refuses this key; give an API key from its page 'My settings'"
            )
        if code == 403:
            raise Refused(
                f"Argilla at {self.url} refuses this key: its user may not do this; use an owner's key"
            )
        detail = _text(content["detail"])
        if code == 404:
            raise Missing(detail)
        raise Conflict(detail) if code == 409 else Rejected(detail)


def utc(text: str) -> datetime:
    """A time from Argilla: ISO 8601 in UTC, without a time zone."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise UserError(
            f"{url!r} is not a web address ({error}); give Argilla's as http://host:port"
        ) from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise UserError(f"{url!r} is not a web address; give Argilla's as http://host:port")
    return address


def _sendable(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not (value and f"{name}{value}".isascii() and f"{name}{value}".isprintable()):
            raise UserError(
                f"the header {name} is empty or has characters that HTTP forbids; check its value"
            )
    return dict(headers)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _text(detail: Any) -> str:
    text = detail if isinstance(detail, str) else json.dumps(detail)
    return " ".join(text.split())[:LONGEST_DETAIL]
