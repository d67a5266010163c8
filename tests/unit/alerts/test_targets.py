"""Alert addresses, and their secrets."""

from labelloop.alerts.targets import hidden, targets
from labelloop.errors import UserError
from labelloop.observe.secrets import hiding
from tests.support.messages import names, raises_naming

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#alerts"


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
