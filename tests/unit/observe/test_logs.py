"""Log lines: what they carry, readable and as JSON."""

import asyncio
import io
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import structlog

from labelloop.observe.logs import (
    about_event,
    about_project,
    about_work,
    bind_contextvars,
    bound_contextvars,
    configure,
    hiding,
)
from schemas.envelope import new_event
from tests.support.states import PROJECT, queried

Lines = Callable[[], list[dict[str, Any]]]
logger = logging.getLogger("labelloop.somewhere")


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Logging, warnings and the context of this process are left as they were."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    with warnings.catch_warnings():
        yield
        logging.captureWarnings(False)
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    return stderr


@pytest.fixture
def lines(stderr: io.StringIO) -> Lines:
    """Logs as JSON; all lines so far."""
    configure(json=True, hide=hiding({"LABELLOOP_ARGILLA_KEY": "hunter2-hunter2"}))
    return lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]


@pytest.fixture
def text(stderr: io.StringIO) -> Callable[[], str]:
    configure(json=False, hide=hiding({"LABELLOOP_ARGILLA_KEY": "hunter2-hunter2"}))
    return stderr.getvalue


def test_a_line_of_json_says_when_who_what_and_about_what(lines: Lines) -> None:
    bind_contextvars(service="querier", **about_project(PROJECT))
    event = new_event(PROJECT, queried(), source="querier", cause="created")

    logger.info("%s is in the log", event.name, extra=about_event(event))

    (line,) = lines()
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is not None
    assert line == {
        "level": "info",
        "service": "querier",
        "message": "BatchQueried is in the log",
        "project": PROJECT,
        "batch": "0",
        "event_id": event.id,
        "event_type": "BatchQueried",
        "correlation_id": PROJECT,
        "causation_id": "created",
        "logger": "labelloop.somewhere",
    }
    assert list(line)[:5] == ["level", "service", "message", "project", "batch"]


def test_what_does_not_apply_is_left_out_even_if_it_did_around_it(lines: Lines) -> None:
    class Work:
        batch, model, cause = "0", None, None

    with bound_contextvars(batch="9", model="8", causation_id="7"):
        with bound_contextvars(**about_work(Work())):
            logger.info("inside")
        logger.info("around")

    inside, around = lines()
    assert inside["batch"] == "0"
    assert not {"model", "causation_id"} & inside.keys()
    assert (around["batch"], around["model"], around["causation_id"]) == ("9", "8", "7")


async def test_what_one_task_is_about_no_other_task_says(lines: Lines) -> None:
    both_are_bound = asyncio.Barrier(2)

    async def work(project: str) -> None:
        bind_contextvars(**about_project(project))
        await both_are_bound.wait()
        logger.info(project)

    await asyncio.gather(*(asyncio.create_task(work(name)) for name in ("mail", "news")))
    logger.info("neither")

    told = {line["message"]: line.get("project") for line in lines()}
    assert told == {"mail": "mail", "news": "news", "neither": None}


def test_a_line_of_text_has_its_keys_behind_it(text: Callable[[], str]) -> None:
    bind_contextvars(service="querier", **about_project(PROJECT))

    logger.warning("Argilla is away; trying again", extra={"batch": "3"})

    (line,) = text().splitlines()
    assert line.endswith(f"[warning] Argilla is away; trying again batch=3 project={PROJECT}")


def fail(password: str) -> None:
    raise ValueError("odd")


def test_an_error_is_one_line_of_json_with_its_traceback_and_no_variables(lines: Lines) -> None:
    try:
        fail("a-local-secret")
    except ValueError:
        logger.exception("it failed")

    (line,) = lines()
    assert line["message"] == "it failed"
    assert "ValueError: odd" in line["exception"]
    assert "in fail" in line["exception"]
    assert "a-local-secret" not in line["exception"].replace('fail("a-local-secret")', "")


def test_a_traceback_in_text_shows_no_variables(text: Callable[[], str]) -> None:
    try:
        fail("a-local-secret")
    except ValueError:
        logger.exception("it failed")

    said = text()
    assert "ValueError: odd" in said
    assert "a-local-secret" not in said.replace('fail("a-local-secret")', "")


def test_what_ends_the_process_is_said_as_all_else_is(lines: Lines) -> None:
    error = ValueError("the key hunter2-hunter2 is odd")

    sys.excepthook(ValueError, error, None)

    (line,) = lines()
    assert line["level"] == "critical"
    assert "the key *** is odd" in line["exception"]


def test_secrets_are_in_no_line(lines: Lines) -> None:
    logger.error(
        "%s is refused", "hunter2-hunter2", extra={"url": "http://ada:pw@argilla", "key": "hunter2-hunter2"}
    )

    (line,) = lines()
    assert (line["message"], line["url"], line["key"]) == ("*** is refused", "http://***@argilla", "***")


def test_secrets_are_in_no_text(text: Callable[[], str]) -> None:
    logger.error("%s is refused", "hunter2-hunter2")

    assert "[error] *** is refused" in text()


def test_warnings_of_libraries_are_lines_of_json_too(lines: Lines) -> None:
    warnings.warn("old", DeprecationWarning, stacklevel=1)

    (line,) = lines()
    assert "DeprecationWarning: old" in line["message"]


def test_requests_are_not_said_one_by_one(lines: Lines) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET /")

    assert lines() == []
