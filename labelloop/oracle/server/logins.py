"""Who is logged in: nobody whose account an operator closed, and each for as long as the password holds.

The log says who may not log in (`AnnotatorChanged`), and the querier tells it here, as often as it likes: of
what is said of a person the newest holds. An account that is removed stays in the database, as its answers
hang on it. As a session ends with the password, who got hold of one, or of the key in it, loses both.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from argilla_server.api.routes import api_v1
from argilla_server.contexts import accounts
from argilla_server.database import get_async_db
from argilla_server.enums import UserRole
from argilla_server.models import User
from argilla_server.security import auth
from argilla_server.security.authentication.db import BearerTokenAuthenticationBackend
from argilla_server.security.authentication.jwt import JWT
from argilla_server.security.authentication.provider import AuthenticationProvider
from argilla_server.security.authentication.userinfo import UserInfo
from fastapi import Depends, HTTPException, Security
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Column, DateTime, MetaData, String, Table, create_engine, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.authentication import AuthCredentials
from starlette.requests import Request

from labelloop.oracle.server.search.engine import RESERVATIONS

PATH = "/labelloop/standings"
STANDINGS = Table(
    "labelloop_standings",
    MetaData(),
    Column("username", String, primary_key=True),
    Column("standing", String, nullable=False),
    Column("since", DateTime, nullable=False),
)
"""A table of ours in the server's database, by name: an account that is made anew is barred too."""
REFUSAL = "This account is closed. Whoever runs labelloop can open it again."
_barred: set[str] = set()
CLAIM = "password"
KEY_BYTES = 48


class LoginStanding(BaseModel):
    """Whether a person may log in, and since when."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(min_length=1)]
    standing: Literal["there", "disabled", "removed"]
    since: AwareDatetime


class Standings(BaseModel):
    items: list[LoginStanding]


def bar_people(database: Path) -> None:
    """Refuse the logins, sessions and keys of those who may not log in, and take further standings."""
    with _database(database) as connection:
        STANDINGS.create(connection, checkfirst=True)
        barred = select(STANDINGS.c.username).where(STANDINGS.c.standing != "there")
        _barred.update(connection.scalars(barred))
    login, ask = accounts.authenticate_user, AuthenticationProvider._authenticate_request_user

    async def authenticate_user(db: AsyncSession, username: str, password: str) -> User | None:
        user: User | None = await login(db, username, password)
        if user is not None and user.username in _barred:
            raise HTTPException(403, REFUSAL)
        return user

    async def authenticate_request_user(
        self: AuthenticationProvider, db: AsyncSession, request: Request
    ) -> UserInfo | None:
        asking: UserInfo | None = await ask(self, db, request)
        return None if asking is not None and asking.username in _barred else asking

    accounts.authenticate_user = authenticate_user
    AuthenticationProvider._authenticate_request_user = authenticate_request_user
    api_v1.add_api_route(PATH, tell, methods=["GET"], response_model=Standings)
    api_v1.add_api_route(PATH, take, methods=["PUT"], response_model=Standings)


async def tell(
    db: AsyncSession = Depends(get_async_db),  # noqa: B008
    user: User = Security(auth.get_current_user),  # noqa: B008
) -> dict[str, Any]:
    """What was said of people."""
    _check_owner(user)
    rows = (await db.execute(select(STANDINGS).order_by(STANDINGS.c.username))).mappings()
    return {"items": [{**row, "since": row["since"].replace(tzinfo=UTC)} for row in rows]}


async def take(
    news: Standings,
    db: AsyncSession = Depends(get_async_db),  # noqa: B008
    user: User = Security(auth.get_current_user),  # noqa: B008
) -> dict[str, Any]:
    """Take what is said of people where it is newer. What somebody has on screen is free for others then."""
    _check_owner(user)
    for each in news.items:
        account = await User.get_by(db, username=each.username)
        if account is not None and account.role != UserRole.annotator and each.standing != "there":
            raise HTTPException(422, f"{each.username} is no annotator")
    for each in news.items:
        row = {"standing": each.standing, "since": _in_utc(each.since)}
        newer = STANDINGS.c.since < row["since"]
        await db.execute(
            insert(STANDINGS)
            .values(username=each.username, **row)
            .on_conflict_do_update(index_elements=["username"], set_=row, where=newer)
        )
    await db.commit()
    now = await tell(db, user)
    _barred.clear()
    _barred.update(each["username"] for each in now["items"] if each["standing"] != "there")
    for name in _barred:
        account = await User.get_by(db, username=name)
        if account is not None:
            RESERVATIONS.leave(account.id)
    return now


def _check_owner(user: User) -> None:
    if user.role != UserRole.owner:
        raise HTTPException(403, "only an owner may")


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


@contextmanager
def _database(path: Path) -> Iterator[Any]:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


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
