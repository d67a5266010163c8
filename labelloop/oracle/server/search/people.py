"""Which seat each of the people has who label a data set."""

from uuid import UUID

from argilla_server.models import Dataset, WorkspaceUser
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from labelloop.oracle.server.search.seats import Seat, seat


async def seat_of(session: AsyncSession, dataset: Dataset, user_id: UUID) -> Seat:
    """The seat of a user: members of the workspace in the order in which they joined, then anybody else."""
    members = select(WorkspaceUser.inserted_at).where(WorkspaceUser.workspace_id == dataset.workspace_id)
    joined = members.where(WorkspaceUser.user_id == user_id).scalar_subquery()
    earlier = members.where(or_(joined.is_(None), WorkspaceUser.inserted_at < joined)).subquery()
    return seat(await session.scalar(select(func.count()).select_from(earlier)) or 0)
