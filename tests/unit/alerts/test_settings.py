"""Whom to alert and when, from the environment."""

from datetime import timedelta

import pytest

from labelloop.alerts.settings import AlertSettings, Rules, read_rules, written
from labelloop.errors import UserError
from tests.support.messages import raises_naming

NEEDED = {"LABELLOOP_LOG": "sqlite:///log", "LABELLOOP_ALERT": "json://a", "LABELLOOP_ALERT_STATE": "/state"}


def test_what_is_not_said_is_a_default() -> None:
    settings = AlertSettings.from_environment(NEEDED)

    assert (settings.urls, settings.rules, settings.watch, settings.run) == (("json://a",), Rules(), {}, None)
    assert "json" not in repr(settings)


def test_addresses_rules_and_services_are_read() -> None:
    said = (("waiting", "90min"), ("accuracy", "0.1"), ("failed", "3"), ("agreement", "off"))
    settings = AlertSettings.from_environment(
        {
            **NEEDED,
            "LABELLOOP_ALERT": "json://a\n mailto://b ",
            "LABELLOOP_ALERT_RULE": written(said),
            "LABELLOOP_ALERT_WATCH": "trainer=http://trainer:8080/ querier=http://querier:8080",
        }
    )

    assert settings.urls == ("json://a", "mailto://b")
    assert settings.rules == Rules(3, waiting=timedelta(minutes=90), accuracy=0.1, agreement=None)
    assert settings.watch == {"trainer": "http://trainer:8080", "querier": "http://querier:8080"}


@pytest.mark.parametrize(
    ("name", "value", "facts"),
    [
        ("LABELLOOP_ALERT", "", ()),
        ("LABELLOOP_ALERT_RULE", "waiting", ("'waiting'", "NAME=VALUE", "waiting=2d")),
        ("LABELLOOP_ALERT_WATCH", "trainer", ("'trainer'", "NAME=VALUE", "trainer=http://trainer:8080")),
        ("LABELLOOP_ALERT_WATCH", "trainer=trainer:8080", ("'trainer:8080'",)),
        ("LABELLOOP_ALERT_WATCH", "trainer=http://[bad", ("http://[bad",)),
        ("LABELLOOP_ALERT_WATCH", "trainer=http://trainer:web", ("http://trainer:web",)),
    ],
)
def test_what_is_wrong_is_told(name: str, value: str, facts: tuple[str, ...]) -> None:
    with raises_naming(UserError, name, *facts):
        AlertSettings.from_environment({**NEEDED, name: value})


@pytest.mark.parametrize(
    ("name", "value", "facts"),
    [
        ("patience", "1d", ("failed", "silent", "waiting", "accuracy", "agreement", "lag")),
        ("waiting", "soon", ("'soon'", "90s", "15min", "2h", "3d", "off")),
        ("accuracy", "much", ("'much'", "0.05", "off")),
        ("accuracy", "nan", ("'nan'",)),
        ("failed", "0", ("'0'", "1")),
    ],
)
def test_rules_that_are_none_are_told(name: str, value: str, facts: tuple[str, ...]) -> None:
    with raises_naming(UserError, name, *facts):
        read_rules([(name, value)])
