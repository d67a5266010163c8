"""Where in a batch a person starts, so that several people do not label the same texts."""

from dataclasses import dataclass
from uuid import UUID

from argilla_server.models import User
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class Seat:
    """Where a walk around a batch starts, as a share of its size, and which way it goes."""

    start: float
    forward: bool


def seat(number: int) -> Seat:
    """The seat of the person who came as `number` (from 0).

    Seats 2k and 2k + 1 start at the same cut and walk away from each other, so that they meet only when
    the batch is done, whoever is faster; the cuts are spread evenly (van der Corput's sequence).
    """
    return Seat(start=_van_der_corput(number // 2), forward=number % 2 == 0)


async def seat_of(session: AsyncSession, user_id: UUID) -> Seat:
    """The seat of a user: users count in the order in which their accounts were made."""
    made = select(User.inserted_at).where(User.id == user_id).scalar_subquery()
    earlier = await session.scalar(select(func.count()).select_from(User).where(User.inserted_at < made))
    return seat(earlier or 0)


def _van_der_corput(number: int) -> float:
    share, weight = 0.0, 0.5
    while number:
        number, bit = divmod(number, 2)
        share += bit * weight
        weight /= 2
    return share
