"""An answer that a page kept, and sends late, undoes nothing that the same person has done since.

The page keeps what the database does not store now, as on a full disk. It says by a header how long ago the
answer was given: clocks differ, the time that has passed does not.
"""

import asyncio
import re
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from argilla_server.api.schemas.v1.responses import (
    ResponseBulk,
    ResponseCreate,
    ResponseUpdate,
    ResponseUpsert,
)
from argilla_server.contexts import datasets
from argilla_server.errors.future import NotUniqueError
from argilla_server.models import Record, Response, User
from argilla_server.search_engine import SearchEngine
from argilla_server.use_cases.responses.upsert_responses_in_bulk import UpsertResponsesInBulkUseCase
from fastapi import HTTPException, status
from fastapi.encoders import jsonable_encoder
from sqlalchemy import Column, DateTime, ForeignKey, MetaData, Table, Uuid, create_engine, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = b"x-labelloop-given-ms-ago"
MILLISECONDS = re.compile(rb"[0-9]{1,12}")
NEWER = "newer answer"
"""What the server objects with; the page's script knows it."""

_age: ContextVar[timedelta | None] = ContextVar("age", default=None)
_turns: WeakValueDictionary[tuple[UUID, UUID], asyncio.Lock] = WeakValueDictionary()
WITHDRAWALS = Table(
    "labelloop_withdrawals",
    MetaData(),
    Column("record_id", Uuid, ForeignKey(Record.id, ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey(User.id, ondelete="CASCADE"), primary_key=True),
    Column("withdrawn_at", DateTime, nullable=False),
)
"""A table of ours in the server's database, which argilla-server does not know."""
OF_THE_DATABASE = "(sqlite3."
"""How SQLAlchemy's words for an error of the database begin."""


class LateAnswers:
    """Middleware that tells how long ago the answers of a request were given."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            claimed = MILLISECONDS.fullmatch(dict(scope["headers"]).get(HEADER, b""))
            _age.set(timedelta(milliseconds=int(claimed[0])) if claimed else None)
        await self._app(scope, receive, send)


def keep_newer_answers() -> None:
    """Refuse a late answer if the same person has answered its text since, or withdrawn an answer to it.

    The other late answers are dated back. What concerns one person's answer to one text happens in turn:
    several browsers send what they kept at the same moment, when the server is back.
    """
    create, upsert = datasets.create_response, datasets.upsert_response
    update, delete = datasets.update_response, datasets.delete_response

    async def create_response(
        db: AsyncSession, search_engine: SearchEngine, record: Record, user: User, answer: ResponseCreate
    ) -> Response:
        async with _turn(record.id, user.id):
            created: Response = await create(db, search_engine, record, user, answer)
            return created

    async def upsert_response(
        db: AsyncSession, search_engine: SearchEngine, record: Record, user: User, answer: ResponseUpsert
    ) -> Response:
        given_at = _given_at(record)
        async with _turn(record.id, user.id):
            present = given_at and await Response.get_by(db, record_id=record.id, user_id=user.id)
            if given_at and present and _stays(present, answer, given_at):
                return present
            if given_at and not present:
                _check_none_is_newer(await _last_withdrawal(db, record.id, user.id), given_at)
            return await _dated(db, await upsert(db, search_engine, record, user, answer), given_at)

    async def update_response(
        db: AsyncSession, search_engine: SearchEngine, response: Response, answer: ResponseUpdate
    ) -> Response:
        given_at = _given_at(response.record)
        async with _turn(response.record_id, response.user_id):
            if given_at:
                await db.refresh(response, ["status", "values", "updated_at"])
                if _stays(response, answer, given_at):
                    return response
            return await _dated(db, await update(db, search_engine, response, answer), given_at)

    async def delete_response(db: AsyncSession, search_engine: SearchEngine, response: Response) -> Response:
        async with _turn(response.record_id, response.user_id):
            await _remember_withdrawal(db, response, _now())
            deleted: Response = await delete(db, search_engine, response)
            return deleted

    datasets.create_response = create_response
    datasets.upsert_response = upsert_response
    datasets.update_response = update_response
    datasets.delete_response = delete_response


def _turn(record: UUID, user: UUID) -> asyncio.Lock:
    return _turns.setdefault((record, user), asyncio.Lock())


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _given_at(record: Record) -> datetime | None:
    """When a late answer to the record was given, by this server's clock."""
    age = _age.get()
    return None if age is None else max(record.inserted_at, _now() - age)


def _stays(present: Response, late: Any, given_at: datetime) -> bool:
    """Whether the late answer is the present one. Raises what `_check_none_is_newer` raises."""
    if (present.status, present.values) == (late.status, jsonable_encoder(late.values)):
        return True
    _check_none_is_newer(present.updated_at, given_at)
    return False


def _check_none_is_newer(last: datetime | None, given_at: datetime) -> None:
    """Raises NotUniqueError if what the person did last was done after a late answer was given."""
    if last is not None and last > given_at:
        raise NotUniqueError(NEWER)


async def _dated(db: AsyncSession, response: Response, given_at: datetime | None) -> Response:
    return response if given_at is None else await response.update(db, updated_at=given_at)


def make_table(database: Path) -> None:
    """Make the table of withdrawals, unless it is there."""
    engine = create_engine(f"sqlite:///{database}")
    WITHDRAWALS.create(engine, checkfirst=True)
    engine.dispose()


async def _remember_withdrawal(db: AsyncSession, response: Response, at: datetime) -> None:
    """Remember that a response was withdrawn. It is stored when the session commits."""
    row = {"record_id": response.record_id, "user_id": response.user_id, "withdrawn_at": at}
    await db.execute(
        insert(WITHDRAWALS)
        .values(row)
        .on_conflict_do_update(index_elements=["record_id", "user_id"], set_={"withdrawn_at": at})
    )


async def _last_withdrawal(db: AsyncSession, record: UUID, user: UUID) -> datetime | None:
    """When the person last withdrew an answer to the record."""
    columns = WITHDRAWALS.c
    query = select(columns.withdrawn_at).where(columns.record_id == record, columns.user_id == user)
    moment: datetime | None = await db.scalar(query)
    return moment


def fail_with_the_database() -> None:
    """Let a request with several answers fail if the database does: each may be sent again.

    Argilla says in a success which answers it did not take, whatever the reason.
    """
    execute = UpsertResponsesInBulkUseCase.execute

    async def execute_or_fail(
        self: UpsertResponsesInBulkUseCase, responses: list[ResponseUpsert], user: User
    ) -> list[ResponseBulk]:
        items: list[ResponseBulk] = await execute(self, responses, user)
        if any(item.error is not None and item.error.detail.startswith(OF_THE_DATABASE) for item in items):
            raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, "the database does not store answers")
        return items

    UpsertResponsesInBulkUseCase.execute = execute_or_fail
