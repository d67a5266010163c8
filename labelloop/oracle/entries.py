"""The entries of a project whose records and votes lie in a mapping from keys to texts.

Each text is a JSON object, under one of these keys. A batch and a username are quoted as in a URL.

    project                          what is asked: a ProjectEntry
    record.<batch>.<item>            a text that was asked: a RecordEntry
    vote.<record id>.<account id>    somebody's answer: a VoteEntry
    account.<username>               who can answer: an AccountEntry

Whoever deletes an entry deletes what it says. A vote counts only while its account is there.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Literal, Protocol, TypeVar
from urllib.parse import quote, unquote
from uuid import uuid4

import msgspec

from labelloop.errors import UserError
from labelloop.oracle.base import Prediction
from schemas.parts import Vote

Status = Literal["submitted", "discarded", "draft"]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Entry = TypeVar("Entry", bound=msgspec.Struct)

PROJECT = "project"


class Entries(Protocol):
    """Texts by keys, which have ASCII letters, digits and `-._~%`. Other processes see a change at once.

    Reading and deleting raise KeyError if there is none. An OSError counts as Unavailable. Calls come from
    threads, for each project one at a time. A dict has these methods, and so has each MutableMapping.
    """

    def __getitem__(self, key: str, /) -> str: ...
    def __setitem__(self, key: str, text: str, /) -> None: ...
    def __delitem__(self, key: str, /) -> None: ...
    def __iter__(self) -> Iterator[str]: ...


class ProjectEntry(msgspec.Struct, frozen=True):
    """What the project asks."""

    name: str
    task: str
    labels: tuple[str, ...]
    min_submitted: int
    guidelines: str | None = None


class RecordEntry(msgspec.Struct, frozen=True):
    """A record: its id (`<batch>.<item>.<random>`), when it was made, and an AskedText without its votes."""

    id: str
    made: Moment
    batch: str
    number: int
    item: int
    rank: int
    text: str
    reason: str | None
    model: str | None
    suggestion: Prediction | None
    restored: tuple[str, ...]
    columns: dict[str, str | None] = {}
    metadata: dict[str, str | int | float | list[str] | None] = {}


class VoteEntry(msgspec.Struct, frozen=True):
    """An answer."""

    status: Status
    labels: tuple[str, ...]
    time: Moment


class AccountEntry(msgspec.Struct, frozen=True):
    """An account. One that is made anew has another id."""

    id: str


class TypedEntries:
    """Reads and writes the entries of a project. Reading raises UserError if an entry is damaged."""

    def __init__(self, entries: Entries) -> None:
        self._entries = entries

    def project(self) -> ProjectEntry | None:
        return self._read(PROJECT, ProjectEntry)

    def write_project(self, entry: ProjectEntry) -> None:
        self._write(PROJECT, entry)

    def records(self, batch: str | None = None) -> Iterator[RecordEntry]:
        """All records, or those of a batch, by their keys."""
        for key in self._keys("record." if batch is None else f"record.{_start(batch)}"):
            if (record := self._read(key, RecordEntry)) is not None:
                yield record

    def record_of(self, batch: str, item: int) -> RecordEntry | None:
        return self._read(f"record.{_start(batch)}{item}", RecordEntry)

    def record(self, id: str) -> RecordEntry | None:
        """The record with this id. None if it is gone, also if it was made anew."""
        present = self._read(_record_key(id), RecordEntry)
        return present if present is not None and present.id == id else None

    def write_record(self, entry: RecordEntry) -> None:
        self._write(_record_key(entry.id), entry)

    def delete_record(self, id: str) -> None:
        """Delete a record, if it is there, with its votes."""
        if self.record(id) is not None:
            self._delete(_record_key(id))
        for key in self._keys(f"vote.{id}."):
            self._delete(key)

    def votes(self, batch: str | None = None) -> dict[str, tuple[Vote, ...]]:
        """The votes of existing accounts by record id, all of them or those of a batch."""
        accounts, votes = self.accounts(), dict[str, tuple[Vote, ...]]()
        for key in self._keys("vote." if batch is None else f"vote.{_start(batch)}"):
            record, _, account = key.removeprefix("vote.").rpartition(".")
            entry = self._read(key, VoteEntry) if account in accounts else None
            if entry is not None:
                vote = Vote(
                    username=accounts[account],
                    user=account,
                    status=entry.status,
                    labels=entry.labels,
                    time=entry.time,
                )
                votes[record] = (*votes.get(record, ()), vote)
        return votes

    def write_vote(self, record: str, account: str, status: str, labels: tuple[str, ...]) -> None:
        """Write an answer of this moment."""
        answer = {"status": status, "labels": labels, "time": datetime.now(UTC)}
        self._write(f"vote.{record}.{account}", msgspec.convert(answer, VoteEntry))

    def delete_vote(self, record: str, account: str) -> None:
        self._delete(f"vote.{record}.{account}")

    def accounts(self) -> dict[str, str]:
        """Usernames by account id."""
        accounts = {}
        for key in self._keys("account."):
            if (account := self._read(key, AccountEntry)) is not None:
                accounts[account.id] = unquote(key.removeprefix("account."))
        return accounts

    def account(self, username: str) -> str | None:
        """The id of somebody's account."""
        account = self._read(_account_key(username), AccountEntry)
        return None if account is None else account.id

    def make_account(self, username: str) -> str:
        """The id of somebody's account, which is made unless it is there."""
        present = self.account(username)
        if present is None:
            self._write(_account_key(username), AccountEntry(user := uuid4().hex))
            # Two processes may make it at once. Both take the one that stays.
            return self.account(username) or user
        return present

    def _keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self._entries if key.startswith(prefix))

    def _read(self, key: str, kind: type[Entry]) -> Entry | None:
        try:
            text = self._entries[key]
        except KeyError:
            return None
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError as error:
            raise UserError(f"the entry {key} is damaged ({error}): correct it or delete it") from error

    def _write(self, key: str, entry: msgspec.Struct) -> None:
        self._entries[key] = msgspec.json.encode(entry).decode()

    def _delete(self, key: str) -> None:
        with suppress(KeyError):
            del self._entries[key]


def new_record_id(batch: str, item: int) -> str:
    """An id that no record had before."""
    return f"{_start(batch)}{item}.{uuid4().hex}"


def _start(batch: str) -> str:
    """How the ids of a batch's records begin. A dot in its name would end it too early."""
    return f"{quote(batch, safe='').replace('.', '%2E')}."


def _record_key(record: str) -> str:
    return f"record.{record.rpartition('.')[0]}"


def _account_key(username: str) -> str:
    return f"account.{quote(username, safe='')}"
