"""What the watcher makes of answers, without an Argilla."""

from datetime import datetime, timedelta
from typing import Any

from labelloop.loop.gold_texts import as_asked
from labelloop.oracle.lost_votes import SeenRecord
from labelloop.runtime.controller import Outcome
from schemas import events as e
from schemas.parts import Vote
from services.annotation_watcher.due import due
from tests.support.states import (
    START,
    project,
    state_of,
    vote,
)

USERS = {f"u-{name}": name for name in ("ann", "bob")}
ANN_SPAM = vote("ann", "spam")
ANN_HAM = vote("ann", "ham")
BOB_HAM = vote("bob", "ham")
LATER = START + timedelta(hours=1)


def seen_records(
    *votes: Vote, item: int = 0, record: str | None = None, minute: int = 0
) -> dict[int, SeenRecord]:
    return {item: SeenRecord(record or f"r-{item}", votes, START + timedelta(minutes=minute))}


def everything(*labels: str | None) -> dict[int, SeenRecord]:
    """Ann's answers to items 0, 1, 2; None discards."""
    return {item: seen_records(vote("ann", label), item=item)[item] for item, label in enumerate(labels)}


def look(
    *events: e.EventData,
    sees: dict[int, SeenRecord],
    users: dict[str, str] = USERS,
    at: datetime = LATER,
    batch: str = "0",
    **settings: Any,
) -> list[Outcome]:
    state = state_of(project(**settings), *events)
    return list(due(state, as_asked(state.batches[batch]), sees, users, at))


def closed(batch: str = "0") -> e.BatchClosed:
    return e.BatchClosed(request="1", who="ann", batch=batch)


def kinds(outcomes: list[Outcome]) -> list[str]:
    return [type(outcome.data).__name__ for outcome in outcomes]
