"""The server's version, users, workspaces and annotators' accounts."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

from labelloop.errors import UserError
from labelloop.loop.state import Standing
from labelloop.oracle.argilla.transport import Conflict, NotArgilla, Transport, utc
from labelloop.oracle.argilla.values import About, Account, User
from labelloop.oracle.base import Missing, Refused, Rejected

STANDINGS = "labelloop/standings"


class Accounts(Transport):
    """The part of the API for users and workspaces."""

    async def me(self) -> User:
        """The user of the key. Raises UserError if the server at the URL is not an Argilla."""
        try:
            user = await self._request("GET", "me")
            return _user(user)
        except (NotArgilla, KeyError, TypeError) as error:
            raise UserError(
                f"there is no Argilla at {self.url}; check the address (and the headers of a private Space)"
            ) from error

    async def about(self) -> About:
        """The server's version and time. Raises UserError if the server at the URL is not an Argilla."""
        answer = await self._answer("GET", "version")
        try:
            version = str(self._content(answer)["version"])
        except (Missing, NotArgilla, KeyError, TypeError) as error:
            raise UserError(f"{self.url} does not tell its Argilla version; check the address") from error
        date = answer.headers.get("Date")
        return About(version, parsedate_to_datetime(date) if date else None)

    async def users(self) -> list[User]:
        """All users of this Argilla. Needs an owner's key."""
        return [_user(item) for item in await self._listed("users")]

    async def create_annotator(self, username: str, workspace: str, password: str | None = None) -> Account:
        """Find or create an annotator's account and the workspace. Needs an owner's key.

        A new account gets `password`, or a generated one. The password of an existing account is neither
        changed nor returned. Raises UserError if Argilla refuses the name or password (8 to 100 characters),
        and Refused for an empty name, and for a new one with a `<`, which Argilla's page would take for HTML.
        """
        if not username.strip():
            raise Refused("the name is empty: give the name by which the annotator logs in")
        workspace_id = await self._ensure_workspace(workspace)
        account = await self._find_account(username) or await self._create_account(username, password)
        with suppress(Conflict):
            await self._request("POST", f"workspaces/{workspace_id}/users", body={"user_id": account.user_id})
        return account

    async def share_workspace(self, workspace: str, usernames: Sequence[str]) -> list[str]:
        """Make the workspace one of these annotators alone. Returns those whose account is new."""
        accounts = [await self.create_annotator(name, workspace) for name in usernames]
        path = f"workspaces/{await self._ensure_workspace(workspace)}/users"
        for item in await self._listed(path):
            if item["role"] == "annotator" and item["username"] not in usernames:
                with suppress(Missing):
                    await self._request("DELETE", f"{path}/{item['id']}")
        return [account.username for account in accounts if account.password is not None]

    async def leave_workspace(self, workspace: str, usernames: Collection[str]) -> None:
        """Take these people out of a workspace, if they are in it."""
        workspace_id = await self._find_workspace(workspace)
        if workspace_id is None:
            return
        path = f"workspaces/{workspace_id}/users"
        for item in await self._listed(path):
            if item["username"] in usernames:
                with suppress(Missing):
                    await self._request("DELETE", f"{path}/{item['id']}")

    async def standings(self) -> dict[str, str] | None:
        """What was said of people, by name. None: this Argilla is not the embedded one, and bars nobody."""
        with suppress(Missing):
            return {item["username"]: item["standing"] for item in await self._listed(STANDINGS)}
        return None

    async def say_standings(self, standings: Mapping[str, Standing]) -> bool:
        """Bar these people from logging in, or let them again. False: this Argilla cannot, as `standings`."""
        items = [
            {"username": name, "standing": standing.word, "since": standing.since.isoformat()}
            for name, standing in standings.items()
        ]
        with suppress(Missing):
            await self._request("PUT", STANDINGS, body={"items": items})
            return True
        return False

    async def delete_workspace(self, workspace: str) -> None:
        """Delete a workspace without data sets. It may be gone already."""
        workspace_id = await self._find_workspace(workspace)
        if workspace_id is not None:
            with suppress(Missing):
                await self._request("DELETE", f"workspaces/{workspace_id}")

    async def new_password(self, username: str) -> str:
        """Set a generated password for an account. Needs an owner's key. Raises Missing if it is unknown."""
        account = await self._find_account(username)
        if account is None:
            raise Missing(f"there is no account {username}")
        chosen = _password()
        await self._request("PATCH", f"users/{account.user_id}", body={"password": chosen})
        return chosen

    async def _find_workspace(self, name: str) -> str | None:
        for item in await self._listed("me/workspaces"):
            if item["name"] == name:
                return str(item["id"])
        return None

    async def _ensure_workspace(self, name: str) -> str:
        workspace_id = await self._find_workspace(name)
        if workspace_id is None:
            with suppress(Conflict):
                await self._request("POST", "workspaces", body={"name": name})
            workspace_id = await self._find_workspace(name)
        if workspace_id is None:
            raise Missing(f"the workspace {name} was deleted right after it was created")
        return workspace_id

    async def _create_account(self, username: str, password: str | None) -> Account:
        if "<" in username:
            raise Refused(f"Argilla's page would take {username!r} for HTML: choose a name without <")
        chosen = password or _password()
        body = {"username": username, "first_name": username, "role": "annotator", "password": chosen}
        try:
            created = await self._request("POST", "users", body=body)
        except Rejected as error:
            account = await self._find_account(username)
            if account is None:
                raise UserError(
                    f"Argilla refuses the annotator {username!r}: {error}; choose another name or password"
                ) from error
            return account
        return Account(created["id"], created["username"], created["api_key"], chosen)

    async def _find_account(self, username: str) -> Account | None:
        for item in await self._listed("users"):
            if item["username"] == username:
                return Account(item["id"], item["username"], item["api_key"])
        return None

    async def _listed(self, path: str) -> list[Any]:
        items: list[Any] = (await self._request("GET", path))["items"]
        return items


def _password() -> str:
    return secrets.token_urlsafe(12)


def _user(item: Any) -> User:
    return User(item["id"], item["username"], item["role"], utc(item["inserted_at"]))
