"""How a service shows itself."""

import pytest

from labelloop.errors import UserError
from labelloop.observe.settings import Observing
from tests.support.messages import raises_naming


def test_nothing_is_served_and_logs_are_text_unless_told() -> None:
    assert Observing.from_environment({}) == Observing(None, "127.0.0.1", 30.0, json=False)


def test_what_is_empty_is_not_told() -> None:
    empty = dict.fromkeys(
        ("LABELLOOP_HEALTH_PORT", "LABELLOOP_HEALTH_HOST", "LABELLOOP_HEALTH_STALE_AFTER"), ""
    )

    assert Observing.from_environment({**empty, "LABELLOOP_LOG_FORMAT": ""}) == Observing()


def test_all_can_be_told() -> None:
    told = {
        "LABELLOOP_HEALTH_PORT": "0",
        "LABELLOOP_HEALTH_HOST": "0.0.0.0",
        "LABELLOOP_HEALTH_STALE_AFTER": "2.5",
        "LABELLOOP_LOG_FORMAT": "json",
    }

    assert Observing.from_environment(told) == Observing(0, "0.0.0.0", 2.5, json=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LABELLOOP_HEALTH_PORT", "http"),
        ("LABELLOOP_HEALTH_PORT", "65536"),
        ("LABELLOOP_HEALTH_STALE_AFTER", "soon"),
        ("LABELLOOP_HEALTH_STALE_AFTER", "0"),
        ("LABELLOOP_HEALTH_STALE_AFTER", "inf"),
        ("LABELLOOP_LOG_FORMAT", "xml"),
    ],
)
def test_what_cannot_be_meant_is_an_error_that_names_it(name: str, value: str) -> None:
    with raises_naming(UserError, name, f"'{value}'"):
        Observing.from_environment({name: value})
