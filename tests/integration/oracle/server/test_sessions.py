"""A login ends with the password of its account."""

import secrets
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.argilla_api import ok
from tests.support.argilla_server import ArgillaServer

Change = Callable[[httpx.Client, dict[str, Any], dict[str, str]], Any]


def new_password(owner: httpx.Client, user: dict[str, Any], person: dict[str, str]) -> None:
    ok(owner.patch(f"/users/{user['id']}", json={"password": secrets.token_hex(8)}))


def deleted_and_made_anew(owner: httpx.Client, user: dict[str, Any], person: dict[str, str]) -> None:
    ok(owner.delete(f"/users/{user['id']}"))
    ok(owner.post("/users", json=person))


def may(server: ArgillaServer, **headers: str) -> bool:
    return httpx.get(f"{server.url}/api/v1/me", headers=headers, timeout=30).is_success


def session(server: ArgillaServer, username: str, password: str) -> str:
    form = {"username": username, "password": password}
    answer = httpx.post(f"{server.url}/api/v1/token", data=form, timeout=30)
    return f"Bearer {ok(answer)['access_token']}"


@pytest.mark.parametrize("change", [new_password, deleted_and_made_anew])
def test_open_sessions_and_keys_end_with_the_password(argilla_server: ArgillaServer, change: Change) -> None:
    owner = argilla_server.client()
    name, password = f"ann-{secrets.token_hex(4)}", secrets.token_hex(8)
    person = {"username": name, "first_name": name, "role": "annotator", "password": password}
    user = ok(owner.post("/users", json=person))
    key, old = {"X-Argilla-Api-Key": user["api_key"]}, session(argilla_server, name, password)
    assert may(argilla_server, Authorization=old)
    assert may(argilla_server, **key)

    change(owner, user, person)

    assert not may(argilla_server, Authorization=old)
    assert not may(argilla_server, **key)


def test_other_changes_of_an_account_end_nothing(argilla_server: ArgillaServer) -> None:
    owner = argilla_server.client()
    name, password = f"ann-{secrets.token_hex(4)}", secrets.token_hex(8)
    user = ok(owner.post("/users", json={"username": name, "first_name": name, "password": password}))
    open_session = session(argilla_server, name, password)

    ok(owner.patch(f"/users/{user['id']}", json={"first_name": "Ann"}))

    assert may(argilla_server, Authorization=open_session)


def test_the_owners_key_stays_with_a_new_password(argilla_server: ArgillaServer) -> None:
    owner, login = argilla_server.client(), argilla_server.login

    ok(owner.patch(f"/users/{ok(owner.get('/me'))['id']}", json={"password": login.password}))

    assert ok(owner.get("/me"))["username"] == login.username
    assert may(argilla_server, Authorization=session(argilla_server, login.username, login.password))
