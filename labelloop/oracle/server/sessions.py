"""Who asks: a login ends with the password, so who got hold of a session, or of the key in it, loses both."""

import hashlib
import secrets
from typing import Any

from argilla_server.contexts import accounts
from argilla_server.enums import UserRole
from argilla_server.models import User
from argilla_server.security.authentication.db import BearerTokenAuthenticationBackend
from argilla_server.security.authentication.jwt import JWT
from argilla_server.security.authentication.userinfo import UserInfo
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.authentication import AuthCredentials
from starlette.requests import Request

CLAIM = "password"
KEY_BYTES = 48


def end_with_the_password() -> None:
    """Let a session end when its account gets a new password or is made anew, and the API key with it.

    The owner's key stays: it is the loop's, and stands in the file of secrets.
    """
    update = accounts.update_user

    def token(user: User) -> str:
        return str(JWT.create(UserInfo(_login(user), **{CLAIM: _mark(user)})))

    async def authenticate(
        self: BearerTokenAuthenticationBackend, request: Request
    ) -> tuple[AuthCredentials, UserInfo] | None:
        credentials = await self.scheme(request)
        if not credentials:
            return None
        claims = JWT.decode(credentials.credentials)
        user = await accounts.get_user_by_username(request.state.db, claims.get("username"))
        if user is None or claims.get(CLAIM) != _mark(user):
            return None
        return AuthCredentials(), UserInfo(_login(user))

    async def update_user(db: AsyncSession, user: User, changes: dict[str, Any]) -> User:
        if "password" in changes and user.role != UserRole.owner:
            changes = {**changes, "api_key": secrets.token_urlsafe(KEY_BYTES)}
        return await update(db, user, changes)

    accounts.generate_user_token = token
    BearerTokenAuthenticationBackend.authenticate = authenticate
    accounts.update_user = update_user


def read_accounts_alone() -> None:
    """Read accounts without their workspaces, which no answer names: each request reads an account twice."""

    async def by_key(db: AsyncSession, api_key: str) -> User | None:
        account: User | None = await User.get_by(db, api_key=api_key)
        return account

    async def by_name(db: AsyncSession, username: str) -> User | None:
        account: User | None = await User.get_by(db, username=username)
        return account

    accounts.get_user_by_api_key = by_key
    accounts.get_user_by_username = by_name


def _login(user: User) -> dict[str, Any]:
    return {
        "identity": str(user.id),
        "name": user.first_name,
        "username": user.username,
        "role": user.role,
    }


def _mark(user: User) -> str:
    """Tells one password of one account from another. The salted hash is not told."""
    return hashlib.sha256(f"{user.id} {user.password_hash}".encode()).hexdigest()
