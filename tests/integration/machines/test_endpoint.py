"""A language model's endpoint that answers as it should, and in every other way."""

import asyncio
import gzip
import json
import threading
import time

import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.machines.endpoint import Access, ChatAnswer, ChatQuestion, Endpoint, RefusedText
from tests.support.llm_server import LlmServer, Reply, llm_server, said
from tests.support.messages import raises_naming

KEY = "sk-very-secret"
SECRET_TEXT = "what the text says"
MESSAGES = ({"role": "user", "content": SECRET_TEXT},)


def ask(
    server: LlmServer,
    *,
    key: str | None = None,
    seconds: float = 30.0,
    times: int = 1,
    per_second: float = 1e6,
) -> list[ChatAnswer]:
    async def asking() -> list[ChatAnswer]:
        endpoint = Endpoint(Access(server.url, key))
        question = ChatQuestion("tiny", MESSAGES, 0.0, 50, seconds)
        try:
            return [await endpoint.ask(question, per_second) for _ in range(times)]
        finally:
            await endpoint.close()

    return asyncio.run(asking())


def test_an_answer_tells_who_wrote_it_and_what_it_took() -> None:
    with llm_server(lambda asked: said("spam")) as server:
        (answer,) = ask(server, key=KEY)

    assert answer == ChatAnswer("spam", "tiny-1", "fp_1", 100, 10)
    assert server.keys == [f"Bearer {KEY}"]
    assert server.paths == ["/v1/chat/completions"]
    assert server.asked[0]["model"] == "tiny"


def test_without_a_key_none_is_sent() -> None:
    with llm_server(lambda asked: said("spam")) as server:
        ask(server)

    assert server.keys == [None]


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": -5}, {"prompt_tokens": "1"}, {"prompt_tokens": True}]
)
def test_tokens_that_are_not_told_are_counted_by_bytes(usage: object) -> None:
    with llm_server(lambda asked: said("spam", usage=usage)) as server:
        (answer,) = ask(server)

    assert (answer.tokens_in, answer.tokens_out) == (len(SECRET_TEXT), 4)


def test_an_answer_without_words_is_one(  # A model may refuse, or spend all its tokens on thoughts.
) -> None:
    choices = [{"message": {"role": "assistant", "content": None}}]
    with llm_server(lambda asked: said("", choices=choices)) as server:
        (answer,) = ask(server)

    assert answer.content == ""


def test_names_that_are_none_are_not_kept() -> None:
    with llm_server(lambda asked: said("spam", model="x\n" * 3, system_fingerprint={"a": 1})) as server:
        (answer,) = ask(server)

    assert (answer.llm, answer.release) == ("tiny", None)


PACKED = gzip.compress(b"0" * 10_000_000)
QUOTING = json.dumps(
    {"error": {"message": SECRET_TEXT, "code": "model_not_found", "type": SECRET_TEXT}}
).encode()


PAGE = Reply(b"<html><body>It works!</body></html>", headers={"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        (PAGE, ("LABELLOOP_LLM_URL",)),
        (Reply(b"{}"), ("LABELLOOP_LLM_URL",)),
        (Reply(b"[]"), ("LABELLOOP_LLM_URL",)),
        (Reply(b'{"choices": []}'), ("LABELLOOP_LLM_URL",)),
        (Reply(b'{"choices": "' + b"[" * 100_000 + b'"}'), ("LABELLOOP_LLM_URL",)),
        (Reply(b"[" * 100_000), ("LABELLOOP_LLM_URL",)),
        (Reply(PACKED, headers={"Content-Encoding": "gzip"}), ("LABELLOOP_LLM_URL",)),
        (Reply(b"x" * 100_000, endless=True), ("does not end",)),
        (Reply(b"", 301, {"Location": "http://127.0.0.1:1/"}), ("301",)),
        (Reply(QUOTING, 401), ("401", "LABELLOOP_LLM_KEY")),
        (Reply(QUOTING, 404), ("404", "model_not_found")),
        (Reply(QUOTING, 500), ("500", "model_not_found")),
        (Reply(b"<html>busy</html>", 503), ("503",)),
        (Reply(b"", 204), ("204",)),
    ],
    ids=lambda value: None if isinstance(value, tuple) else str(value.status),
)
def test_what_is_no_answer_is_an_outage_in_one_line_that_quotes_nothing(
    reply: Reply, facts: tuple[str, ...]
) -> None:
    with llm_server(lambda asked: reply) as server, raises_naming(Unavailable, *facts, server.url) as told:
        ask(server, key=KEY)

    assert SECRET_TEXT not in str(told.value)
    assert KEY not in str(told.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_may_be_the_texts_own_fault_is_told_apart(status: int) -> None:
    with llm_server(lambda asked: Reply(QUOTING, status)) as server, pytest.raises(RefusedText) as told:
        ask(server)

    assert SECRET_TEXT not in str(told.value)


def test_a_server_that_does_not_answer_in_time_is_not_waited_for() -> None:
    late = threading.Event()
    with llm_server(lambda asked: Reply(b"", after=late)) as server:
        with raises_naming(Unavailable, "0.2 s"):
            ask(server, seconds=0.2)
        late.set()


def test_a_server_that_is_gone_is_an_outage() -> None:
    with llm_server(lambda asked: said("spam")) as server:
        pass

    with raises_naming(Unavailable, server.url):
        ask(server)


@pytest.mark.parametrize(
    ("header", "least"), [("0.5", 0.4), ("0", 0.0), ("soon", 0.0), ("nan", 0.0), ("-7", 0.0)]
)
def test_a_server_that_is_asked_too_often_says_when_it_may_be_asked_again(header: str, least: float) -> None:
    replies = [Reply(b"", 429, {"Retry-After": header}), said("spam")]
    times: list[float] = []

    def answer(asked: object) -> Reply:
        times.append(time.monotonic())
        return replies[len(times) - 1]

    async def asking(server: LlmServer) -> None:
        endpoint = Endpoint(Access(server.url))
        question = ChatQuestion("tiny", MESSAGES, 0.0, 50, 30)
        with pytest.raises(Unavailable):
            await endpoint.ask(question, 1e6)
        await endpoint.ask(question, 1e6)
        await endpoint.close()

    with llm_server(answer) as server:
        asyncio.run(asking(server))

    assert times[1] - times[0] >= least


def test_no_more_requests_begin_in_a_second_than_are_allowed() -> None:
    times: list[float] = []

    def answer(asked: object) -> Reply:
        times.append(time.monotonic())
        return said("spam")

    with llm_server(answer) as server:
        ask(server, times=3, per_second=5)

    assert times[2] - times[0] >= 0.35


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LABELLOOP_LLM_URL": "example.org/v1"},
        {"LABELLOOP_LLM_URL": "file:///etc/passwd"},
        {"LABELLOOP_LLM_URL": "http://"},
        {"LABELLOOP_LLM_URL": "http://user:pass@host/v1"},
        {"LABELLOOP_LLM_URL": "http://host/v1", "LABELLOOP_LLM_KEY": "a\nb"},
    ],
)
def test_settings_that_cannot_be_are_told(environment: dict[str, str]) -> None:
    name = "LABELLOOP_LLM_KEY" if "LABELLOOP_LLM_KEY" in environment else "LABELLOOP_LLM_URL"
    with raises_naming(UserError, name):
        Access.from_environment(environment)


def test_a_key_is_not_shown_with_its_settings() -> None:
    access = Access.from_environment(
        {"LABELLOOP_LLM_URL": "http://host/v1/", "LABELLOOP_LLM_KEY": f" {KEY} "}
    )

    assert access == Access("http://host/v1", KEY)
    assert KEY not in repr(access)
