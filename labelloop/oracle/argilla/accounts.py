"""Users, workspaces, and annotators' accounts."""

import secrets
from contextlib import suppress
from typing import Any

from labelloop.errors import UserError
from labelloop.oracle.argilla.errors import Conflict, Missing, NotArgilla, Rejected
from labelloop.oracle.argilla.models import Account, User
from labelloop.oracle.argilla.times import utc
from labelloop.oracle.argilla.transport import Transport


async def me(transport: Transport) -> User:
    try:
        found = await transport.request("GET", "me")
        return _user(found)
    except (NotArgilla, KeyError, TypeError) as error:
        raise UserError(
            f"there is no Argilla at {transport.url}; check the address (and the headers of a private Space)"
        ) from error


async def users(transport: Transport) -> list[User]:
    return [_user(item) for item in await _listed(transport, "users")]


async def find_workspace(transport: Transport, name: str) -> str | None:
    for item in await _listed(transport, "me/workspaces"):
        if item["name"] == name:
            return str(item["id"])
    return None


async def ensure_workspace(transport: Transport, name: str) -> str:
    found = await find_workspace(transport, name)
    if found is None:
        with suppress(Conflict):
            await transport.request("POST", "workspaces", body={"name": name})
        found = await find_workspace(transport, name)
    if found is None:
        raise Missing(f"the workspace {name} is gone as soon as it is made")
    return found


async def create_annotator(
    transport: Transport, username: str, workspace: str, password: str | None = None
) -> Account:
    workspace_id = await ensure_workspace(transport, workspace)
    account = await _find_account(transport, username) or await _create(transport, username, password)
    with suppress(Conflict):
        await transport.request("POST", f"workspaces/{workspace_id}/users", body={"user_id": account.user_id})
    return account


async def new_password(transport: Transport, username: str) -> str:
    account = await _find_account(transport, username)
    if account is None:
        raise Missing(f"there is no account {username}")
    chosen = _password()
    await transport.request("PATCH", f"users/{account.user_id}", body={"password": chosen})
    return chosen


async def _create(transport: Transport, username: str, password: str | None) -> Account:
    chosen = password or _password()
    body = {"username": username, "first_name": username, "role": "annotator", "password": chosen}
    try:
        made = await transport.request("POST", "users", body=body)
    except Rejected as error:
        account = await _find_account(transport, username)
        if account is None:
            raise UserError(
                f"Argilla refuses the annotator {username!r}: {error}; choose another name or password"
            ) from error
        return account
    return Account(made["id"], made["username"], made["api_key"], chosen)


async def _find_account(transport: Transport, username: str) -> Account | None:
    for item in await _listed(transport, "users"):
        if item["username"] == username:
            return Account(item["id"], item["username"], item["api_key"])
    return None


async def _listed(transport: Transport, path: str) -> list[Any]:
    items: list[Any] = (await transport.request("GET", path))["items"]
    return items


def _password() -> str:
    return secrets.token_urlsafe(12)


def _user(item: Any) -> User:
    return User(item["id"], item["username"], item["role"], utc(item["inserted_at"]))
