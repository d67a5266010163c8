"""How a service shows itself."""

import pytest

from labelloop.errors import UserError
from labelloop.observe.settings import Observing


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
    ("name", "value", "remedy"),
    [
        ("LABELLOOP_HEALTH_PORT", "http", "give a port"),
        ("LABELLOOP_HEALTH_PORT", "65536", "give a port"),
        ("LABELLOOP_HEALTH_STALE_AFTER", "soon", "give seconds"),
        ("LABELLOOP_HEALTH_STALE_AFTER", "0", "give seconds"),
        ("LABELLOOP_HEALTH_STALE_AFTER", "inf", "give seconds"),
        ("LABELLOOP_LOG_FORMAT", "xml", "give json or text"),
    ],
)
def test_what_cannot_be_meant_is_an_error_with_the_remedy(name: str, value: str, remedy: str) -> None:
    with pytest.raises(UserError, match=f"{name} is '{value}': {remedy}"):
        Observing.from_environment({name: value})
