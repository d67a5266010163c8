"""Decide whether a missing vote was withdrawn by its annotator or lost by the server.

A vote was withdrawn only if its account exists, and the record is the one on which the vote stood: it still
has the server id under which the vote was seen, or says that the vote was put back when it was written. Any
other missing vote was lost, and still counts as recorded.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.model import replaced
from schemas.parts import ItemVotes, Vote

Accounts = Mapping[str, str]
"""Usernames by the accounts' ids on the server."""


@dataclass(frozen=True)
class SeenRecord:
    """A record as it is on the server now: its id, its votes, and when it was created.

    `outdated`: an older labelloop wrote it, so it has to be written again. `restored`: the ids of the
    accounts whose votes were put back on it; None if the oracle does not tell. `earlier`: votes on records of
    the same text in places where people were asked before the labels changed. `suggested_by`: which machine's
    suggestion it shows; "" if the model's or none; None if the oracle does not tell. `wanted`: how many
    people shall answer it; None: as many as its batch wants, or the oracle does not tell.
    """

    record: str
    votes: tuple[Vote, ...]
    inserted_at: datetime
    outdated: bool = False
    restored: Collection[str] | None = None
    earlier: tuple[Vote, ...] = ()
    suggested_by: str | None = None
    wanted: int | None = None


def lost_votes(recorded: ItemVotes, seen_record: SeenRecord, accounts: Accounts) -> tuple[Vote, ...]:
    """The recorded votes that the server lost, for a record that exists."""
    present = {vote.username for vote in seen_record.votes}
    back = {accounts.get(account) for account in seen_record.restored or ()}
    return tuple(
        vote
        for vote in recorded.votes
        if vote.username not in present
        and vote.username not in back
        and not (recorded.record == seen_record.record and vote.user in accounts)
    )


def merged(recorded: ItemVotes, seen_record: SeenRecord | None, accounts: Accounts) -> ItemVotes:
    """The votes that count now: those on the server, and those that the server lost.

    Of a person who answered in several places, the newest answer counts.
    """
    if seen_record is None:
        return recorded
    lost = lost_votes(recorded, seen_record, accounts)
    before = {(vote.username, vote.status, vote.labels): vote.time for vote in recorded.votes}
    votes = {
        # A restored vote has a new time on the server; its recorded time is the true one.
        vote.username: replaced(vote, time=before.get((vote.username, vote.status, vote.labels), vote.time))
        for vote in seen_record.votes
    } | {vote.username: vote for vote in lost}
    # While a vote is lost, keep the old record id: on the new record the vote would look withdrawn.
    record = recorded.record if lost else seen_record.record
    for vote in seen_record.earlier:
        if is_newer(vote, votes.get(vote.username)):
            votes[vote.username], record = vote, None
    return ItemVotes(item=recorded.item, record=record, votes=tuple(votes[name] for name in sorted(votes)))


def is_newer(vote: Vote, other: Vote | None) -> bool:
    """Whether the vote was given after the other one, or there is no other. A draft takes no vote's place."""
    if other is None:
        return True
    is_later = vote.time is not None and other.time is not None and vote.time > other.time
    return is_later and (vote.status != "draft" or other.status == "draft")


def is_any_absent(recorded: Mapping[int, ItemVotes], seen_records: Mapping[int, SeenRecord]) -> bool:
    """Whether a recorded vote is missing on the server. Then the accounts are needed."""
    return any(
        {vote.username for vote in votes.votes} - {vote.username for vote in seen_records[item].votes}
        for item, votes in recorded.items()
        if item in seen_records
    )
