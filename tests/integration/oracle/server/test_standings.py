"""Who was disabled or removed cannot log in, and what is said last of a person holds."""

import secrets
from datetime import UTC, datetime, timedelta

import httpx

from tests.integration.oracle.server.test_sessions import may, session
from tests.support.argilla_api import ok
from tests.support.argilla_server import ArgillaServer

NOW = datetime.now(UTC)


def account(server: ArgillaServer) -> tuple[str, str, str]:
    """A new annotator's name, password and key."""
    name, password = f"ann-{secrets.token_hex(4)}", secrets.token_hex(8)
    person = {"username": name, "first_name": name, "role": "annotator", "password": password}
    made = ok(server.client().post("/users", json=person))
    return name, password, made["api_key"]


def say(
    server: ArgillaServer, name: str, standing: str, minutes: int = 0, key: str | None = None
) -> httpx.Response:
    """Say it, so many minutes later."""
    since = (NOW + timedelta(minutes=minutes)).isoformat()
    items = [{"username": name, "standing": standing, "since": since}]
    return server.client(key).put("/labelloop/standings", json={"items": items})


def login(server: ArgillaServer, name: str, password: str) -> httpx.Response:
    form = {"username": name, "password": password}
    return httpx.post(f"{server.url}/api/v1/token", data=form, timeout=30)


def test_a_disabled_persons_sessions_and_key_end_and_the_login_is_refused(
    argilla_server: ArgillaServer,
) -> None:
    name, password, key = account(argilla_server)
    opened = session(argilla_server, name, password)

    ok(say(argilla_server, name, "disabled"))

    assert not may(argilla_server, Authorization=opened)
    assert not may(argilla_server, **{"X-Argilla-Api-Key": key})
    refused = login(argilla_server, name, password)
    # A text in `detail` is what Argilla's page shows.
    assert (refused.status_code, type(refused.json()["detail"])) == (403, str)
    assert login(argilla_server, name, "wrong password").status_code == 401
    ok(say(argilla_server, name, "there", minutes=1))
    assert may(argilla_server, Authorization=opened)
    assert login(argilla_server, name, password).is_success


def test_what_was_said_earlier_does_not_hold_though_it_arrives_later(argilla_server: ArgillaServer) -> None:
    """As from a project of a log to which a killed command did not say it."""
    name, password, _ = account(argilla_server)
    ok(say(argilla_server, name, "there", minutes=2))

    ok(say(argilla_server, name, "disabled", minutes=1))

    assert login(argilla_server, name, password).is_success


def test_only_owners_may_say_it_and_of_annotators_alone(argilla_server: ArgillaServer) -> None:
    name, _, key = account(argilla_server)

    assert say(argilla_server, name, "disabled", key=key).status_code == 403
    assert argilla_server.client(key).get("/labelloop/standings").status_code == 403
    assert say(argilla_server, argilla_server.login.username, "removed").status_code == 422
    assert may(argilla_server, **{"X-Argilla-Api-Key": argilla_server.login.api_key})


def test_it_holds_after_a_kill_and_for_an_account_that_is_made_later(
    own_argilla_server: ArgillaServer,
) -> None:
    name, password, _ = account(own_argilla_server)
    ok(say(own_argilla_server, name, "removed"))
    hostile = "<img src=x>'; DROP TABLE users; --"
    ok(say(own_argilla_server, hostile, "disabled"))

    own_argilla_server.kill()
    own_argilla_server.start()

    assert login(own_argilla_server, name, password).status_code == 403
    said = ok(own_argilla_server.client().get("/labelloop/standings"))["items"]
    assert {each["username"]: each["standing"] for each in said} == {name: "removed", hostile: "disabled"}
