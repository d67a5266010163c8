"""What a message must hold whatever its words: the names, numbers, options and addresses in it."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

Error = TypeVar("Error", bound=BaseException)


def names(message: object, *facts: object) -> bool:
    """Whether the message holds each of these, as a whole: 2 is not in 12, nor in the name mail-2."""
    text = str(message)
    return all(_pattern(str(fact)).search(text) for fact in facts)


def _pattern(fact: str) -> "re.Pattern[str]":
    beside = r"\w./-" if fact.isdecimal() else r"\w"
    behind = r"[\w/-]|[.,:]\d" if fact.isdecimal() else r"\w"
    return re.compile(rf"(?<![{beside}]){re.escape(fact)}(?!{behind})")


@contextmanager
def raises_naming(error: type[Error], *facts: object) -> Iterator["pytest.ExceptionInfo[Error]"]:
    """The block must fail with this error and in one line, which names each of the facts."""
    with pytest.raises(error) as raised:
        yield raised
    message = str(raised.value)
    assert "\n" not in message
    assert names(message, *facts), (message, facts)


def levels(caplog: pytest.LogCaptureFixture, *facts: object) -> list[str]:
    """The levels of the log lines that name each of the facts, in their order."""
    return [record.levelname for record in lines(caplog, *facts)]


def lines(caplog: pytest.LogCaptureFixture, *facts: object) -> list[logging.LogRecord]:
    """The log lines that name each of the facts, in their order."""
    return [record for record in caplog.records if names(record.getMessage(), *facts)]


def lines_about(caplog: pytest.LogCaptureFixture, event_type: str) -> list[logging.LogRecord]:
    """The log lines that are about an event of this type, by their keys."""
    return [record for record in caplog.records if vars(record).get("event_type") == event_type]
