"""Ask a language model behind an OpenAI-compatible endpoint.

Address and key are a deployment's settings and never an event's: whoever can append to the log cannot choose
to whom texts and the key are sent. What an endpoint answers is untrusted: its size and time are limited,
redirections are not followed, and no message quotes it.
"""

import asyncio
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from labelloop.config.environment import LOOPBACK, MACHINES
from labelloop.config.service_settings import LLM_KEY, LLM_URL
from labelloop.errors import Unavailable, UserError
from labelloop.startup import importing_without

with importing_without("click"):
    import httpx

LONGEST_ANSWER = 1_000_000
LONGEST_WAIT = 600.0
"""So many seconds an endpoint may ask us to wait."""
OF_THE_TEXT = frozenset({400, 413, 422})
"""Statuses that may be about this text alone: too long, or against the endpoint's rules."""
WORD = re.compile(r"[\w./:@+-]{1,100}", re.ASCII)


class RefusedText(Exception):
    """The endpoint refuses a request; maybe this text, maybe all."""


@dataclass(frozen=True)
class Access:
    """Where the language model is, and the key."""

    url: str
    key: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = MACHINES) -> "Access":
        """Raises UserError if there is no address, or if it is none."""
        url = (environment.get(LLM_URL) or "").strip().rstrip("/")
        if not url:
            raise UserError(
                f"{LLM_URL} is not set: start the services again with the address of an OpenAI-compatible "
                "endpoint, such as http://127.0.0.1:11434/v1"
            )
        try:
            address = httpx.URL(url)
            is_address = address.scheme in {"http", "https"} and bool(address.host) and not address.userinfo
        except (httpx.InvalidURL, ValueError):
            is_address = False
        if not is_address:
            raise UserError(f"{LLM_URL} is no web address: give one such as https://api.example.org/v1")
        key = (environment.get(LLM_KEY) or "").strip() or None
        if key is not None and not (key.isascii() and key.isprintable()):
            raise UserError(f"{LLM_KEY} has characters that no header can hold: check it")
        return cls(url, key)


@dataclass(frozen=True)
class ChatQuestion:
    """A request: the model's name, the messages, and how long an answer may take and be."""

    model: str
    messages: Sequence[Mapping[str, str]]
    temperature: float
    max_tokens: int
    timeout: float


@dataclass(frozen=True)
class ChatAnswer:
    """What the model wrote, who it is as the endpoint says, and how many tokens that took."""

    content: str
    llm: str
    release: str | None
    tokens_in: int
    tokens_out: int


class Endpoint:
    """Asks one after the other, at most so often, and waits as long as the endpoint asks for."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._next = 0.0
        address = httpx.URL(access.url)
        self._host = str(address.copy_with(query=None, fragment=None))
        self._http = httpx.AsyncClient(
            headers={
                **({"Authorization": f"Bearer {access.key}"} if access.key else {}),
                # A few bytes of a packed answer can become gigabytes.
                "Accept-Encoding": "identity",
            },
            follow_redirects=False,
            trust_env=address.host not in LOOPBACK,
            verify=address.scheme == "https",
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def ask(self, question: ChatQuestion, per_second: float) -> ChatAnswer:
        """Raises RefusedText, and Unavailable if the endpoint does not answer as one should."""
        await self._turn(1 / per_second)
        body = {
            "model": question.model,
            "messages": list(question.messages),
            "temperature": question.temperature,
            "max_tokens": question.max_tokens,
        }
        try:
            async with asyncio.timeout(question.timeout):
                status, content = await self._post(body, question.timeout)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise self._away(f"does not answer within {question.timeout:g} s") from error
        except httpx.HTTPError as error:
            raise self._away(f"cannot be reached ({type(error).__name__})") from error
        if status != 200:
            self._refuse(status, content)
        return self._answer(content, question)

    async def _turn(self, interval: float) -> None:
        now = time.monotonic()
        begins = max(now, self._next)
        self._next = begins + interval
        await asyncio.sleep(begins - now)

    async def _post(self, body: Mapping[str, Any], seconds: float) -> tuple[int, bytes]:
        request = self._http.build_request(
            "POST", f"{self._access.url}/chat/completions", json=body, timeout=seconds
        )
        answer = await self._http.send(request, stream=True)
        try:
            if answer.status_code in (429, 503):
                self._next = max(self._next, time.monotonic() + _wait(answer.headers.get("Retry-After")))
            content = b""
            async for part in answer.aiter_raw():
                content += part
                if len(content) > LONGEST_ANSWER:
                    raise self._away("sends an answer that does not end")
            return answer.status_code, content
        finally:
            await answer.aclose()

    def _refuse(self, status: int, content: bytes) -> NoReturn:
        code = f" ({word})" if (word := _code(content)) else ""
        if status in OF_THE_TEXT:
            raise RefusedText(f"the language model at {self._host} refuses what it is asked: {status}{code}")
        if status in (401, 403):
            raise self._away(f"refuses the key: {status}{code}: check {LLM_KEY}")
        if status == 404:
            raise self._away(
                f"has no such address or model: {status}{code}: check {LLM_URL} and the model's name"
            )
        if 300 <= status < 400:
            raise self._away(
                f"leads elsewhere, and is not followed ({status}): give the address itself in {LLM_URL}"
            )
        raise self._away(f"answers {status}{code}")

    def _answer(self, content: bytes, question: ChatQuestion) -> ChatAnswer:
        try:
            body: Any = json.loads(content)
            message = body["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise self._away(
                f"answers, but not as an OpenAI-compatible endpoint does: check {LLM_URL}"
            ) from error
        usage = body.get("usage")
        sent = sum(len(each["content"].encode(errors="replace")) for each in question.messages)
        text = message if isinstance(message, str) else ""
        return ChatAnswer(
            content=text,
            llm=_word(body.get("model")) or question.model,
            release=_word(body.get("system_fingerprint")),
            tokens_in=_tokens(usage, "prompt_tokens", sent),
            tokens_out=_tokens(usage, "completion_tokens", max(len(text.encode(errors="replace")), 1)),
        )

    def _away(self, how: str) -> Unavailable:
        return Unavailable(f"the language model at {self._host} {how}", outage=self._host)


def _tokens(usage: Any, name: str, most: int) -> int:
    """As the endpoint counts them; where it does not, as many as there are bytes: there cannot be more."""
    counted = usage.get(name) if isinstance(usage, dict) else None
    if isinstance(counted, int) and not isinstance(counted, bool) and 0 <= counted < 2**31:
        return counted
    return most


def _word(value: Any) -> str | None:
    """A name that an endpoint gives, if it is one."""
    return value if isinstance(value, str) and WORD.fullmatch(value) else None


def _code(content: bytes) -> str | None:
    """The word by which an endpoint names its error. Its sentences may quote what it was question."""
    try:
        error = json.loads(content)["error"]
        return _word(error.get("code")) or _word(error.get("type"))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _wait(retry_after: str | None) -> float:
    """The seconds of a Retry-After header, which are a number or a date."""
    if retry_after is None:
        return 0.0
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            until = parsedate_to_datetime(retry_after)
        except ValueError:
            return 0.0
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        seconds = (until - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else 0.0
