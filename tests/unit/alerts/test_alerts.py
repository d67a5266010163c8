"""The rules for alerts, and the addresses that they go to."""

from datetime import timedelta

import pytest

from labelloop.alerts.channels import hidden, targets
from labelloop.alerts.settings import AlertRules, AlertSettings, read_rules, written
from labelloop.errors import UserError
from labelloop.observe.logs import hiding
from tests.support.messages import names, raises_naming

NEEDED = {"LABELLOOP_LOG": "sqlite:///log", "LABELLOOP_ALERT": "json://a", "LABELLOOP_ALERT_STATE": "/state"}
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#alerts"


def test_what_is_not_said_is_a_default() -> None:
    settings = AlertSettings.from_environment(NEEDED)

    assert (settings.urls, settings.rules, settings.watch, settings.run) == (
        ("json://a",),
        AlertRules(),
        {},
        None,
    )
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
    assert settings.rules == AlertRules(3, waiting=timedelta(minutes=90), accuracy=0.1, agreement=None)
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


def test_a_target_is_named_without_its_secrets_and_known_again() -> None:
    first, second = targets([SLACK, "json://localhost/hook", SLACK])

    assert names(first.name, "1", "slack://")
    assert names(second.name, "2", "json://")
    assert targets([SLACK])[0].id == first.id
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in repr(first)


def test_an_address_that_is_none_is_told_without_what_it_holds() -> None:
    with raises_naming(UserError, "2", "slack://…") as told:
        targets(["json://localhost", "slack://secret-token"])

    assert "secret" not in str(told.value)


def test_what_a_failure_says_is_without_the_parts_of_the_address() -> None:
    url = "mailto://anna:p%40ssword@example.org?to=team@example.com"

    said = hidden("login of anna with p@ssword at example.org refused, p%40ssword", url)

    assert said == "login of *** with *** at *** refused, ***"


def test_a_failure_does_not_say_who_logs_in_however_short_that_is() -> None:
    said = hidden("auth of a with pw1: no access", "jsons://a:pw1@example.org/hook")

    assert said == "auth of *** with ***: no access"


def test_logs_hide_the_addresses() -> None:
    hide = hiding({"LABELLOOP_ALERT": f"{SLACK} json://localhost/hook"})

    assert hide(f"to {SLACK}, then json://localhost/hook") == "to ***, then ***"
