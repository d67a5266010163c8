"""Who may not log in: people whose account an operator disabled or removed.

The log says it (`AnnotatorChanged`), and the querier tells it here, as often as it likes: of what is said of
a person the newest holds. An account that is removed stays in the database, as its answers hang on it.
"""

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
from argilla_server.security.authentication.provider import AuthenticationProvider
from argilla_server.security.authentication.userinfo import UserInfo
from fastapi import Depends, HTTPException, Security
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Column, DateTime, MetaData, String, Table, create_engine, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession
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


class Standing(BaseModel):
    """Whether a person may log in, and since when."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(min_length=1)]
    standing: Literal["there", "disabled", "removed"]
    since: AwareDatetime


class Standings(BaseModel):
    items: list[Standing]


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
