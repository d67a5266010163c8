"""When people took answers back: an answer that was given before, and is sent late, does not come back."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

from argilla_server.models import Record, Response, User
from sqlalchemy import Column, DateTime, ForeignKey, MetaData, Table, Uuid, create_engine, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncSession

WITHDRAWALS = Table(
    "labelloop_withdrawals",
    MetaData(),
    Column("record_id", Uuid, ForeignKey(Record.id, ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey(User.id, ondelete="CASCADE"), primary_key=True),
    Column("withdrawn_at", DateTime, nullable=False),
)
"""A table of ours in the server's database, which argilla-server does not know."""


def make_table(database: Path) -> None:
    """Make the table, unless it is there."""
    engine = create_engine(f"sqlite:///{database}")
    WITHDRAWALS.create(engine, checkfirst=True)
    engine.dispose()


async def remember(db: AsyncSession, response: Response, at: datetime) -> None:
    """Remember that a response was withdrawn. It is stored when the session commits."""
    row = {"record_id": response.record_id, "user_id": response.user_id, "withdrawn_at": at}
    await db.execute(
        insert(WITHDRAWALS)
        .values(row)
        .on_conflict_do_update(index_elements=["record_id", "user_id"], set_={"withdrawn_at": at})
    )


async def last_withdrawal(db: AsyncSession, record: UUID, user: UUID) -> datetime | None:
    """When the person last withdrew an answer to the record."""
    columns = WITHDRAWALS.c
    query = select(columns.withdrawn_at).where(columns.record_id == record, columns.user_id == user)
    moment: datetime | None = await db.scalar(query)
    return moment
