"""What an absent answer means: taken back by its annotator, or lost by the server.

A vote is taken back only if its account exists and the record is the one (by the server's id) on which it
was seen. All else that is absent was lost, and stays as it was recorded.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.model import replaced
from schemas.parts import ItemVotes, Vote


@dataclass(frozen=True)
class SeenRecord:
    """A record as the server has it now: its id there, its votes, and when it was made."""

    record: str
    votes: tuple[Vote, ...]
    inserted_at: datetime


def lost_votes(recorded: ItemVotes, seen: SeenRecord, accounts: Collection[str]) -> tuple[Vote, ...]:
    """The recorded votes that the server lost, of a record that it has. `accounts` are the users' ids."""
    present = {vote.username for vote in seen.votes}
    return tuple(
        vote
        for vote in recorded.votes
        if vote.username not in present and not (recorded.record == seen.record and vote.user in accounts)
    )


def merged(recorded: ItemVotes, seen: SeenRecord | None, accounts: Collection[str]) -> ItemVotes:
    """The votes that count now: those on the server, and those that it lost."""
    if seen is None:
        return recorded
    lost = lost_votes(recorded, seen, accounts)
    before = {(vote.username, vote.status, vote.labels): vote.time for vote in recorded.votes}
    votes = [
        # A vote that was put back has the server's new time: it was given when it was recorded.
        replaced(vote, time=before.get((vote.username, vote.status, vote.labels), vote.time))
        for vote in seen.votes
    ]
    # While a vote is lost the record's id stays the old one: on the new record it would look taken back.
    record = recorded.record if lost else seen.record
    ordered = sorted((*votes, *lost), key=lambda vote: vote.username)
    return ItemVotes(item=recorded.item, record=record, votes=tuple(ordered))


def is_any_absent(recorded: Mapping[int, ItemVotes], seen: Mapping[int, SeenRecord]) -> bool:
    """Whether the server lacks a recorded vote, so that its accounts must be asked for."""
    return any(
        {vote.username for vote in votes.votes} - {vote.username for vote in seen[item].votes}
        for item, votes in recorded.items()
        if item in seen
    )
