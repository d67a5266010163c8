"""A base for oracles whose records and votes lie in a mapping of texts, such as the files of a folder."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from labelloop.errors import Unavailable, UserError, one_line
from labelloop.loop.state import Batch
from labelloop.oracle.base import AskedText, Missing, Rejected, ShownText
from labelloop.oracle.entries import (
    Entries,
    ProjectEntry,
    RecordEntry,
    Status,
    TypedEntries,
    new_record_id,
)
from labelloop.oracle.lost_votes import SeenRecord
from schemas.events import ProjectCreated
from schemas.parts import MULTI_LABEL

Result = TypeVar("Result")


class MappingOracle:
    """An oracle that keeps each project in a mapping of its own. `open` gets the project's id."""

    def __init__(self, open: Callable[[str], Entries]) -> None:
        self._open = open

    def project(self, project_id: str) -> "MappingRecords":
        return MappingRecords(self._open(project_id))

    async def close(self) -> None:
        """Does nothing: nothing stays open."""


class MappingRecords:
    """The records of one project. `asked`, `answer` and `take_back` are for what people answer with."""

    def __init__(self, entries: Entries) -> None:
        self._entries = TypedEntries(entries)

    def asked(self) -> dict[str, AskedText]:
        """The texts that were asked, by record id, the oldest batch first, with the present votes."""
        votes = self._entries.votes()
        records = sorted(self._entries.records(), key=lambda each: (each.number, each.rank, each.id))
        return {each.id: replace(_asked_text(each), votes=votes.get(each.id, ())) for each in records}

    def answer(self, record: str, username: str, labels: Sequence[str], status: Status = "submitted") -> None:
        """Write somebody's answer, which replaces an earlier one. Makes the account unless there is one.

        Submitted without labels, it says that none of several fits. Raises Missing if the record is gone, and
        UserError if this cannot be an answer.
        """
        project = self._project()
        is_one = project.task == MULTI_LABEL or len(labels) == 1 or (status != "submitted" and not labels)
        if not is_one or not set(labels) <= set(project.labels):
            labels_given, project_labels = ", ".join(labels) or "no label", ", ".join(project.labels)
            raise UserError(f"{labels_given} is no answer to {project.name}: give one of {project_labels}")
        if self._entries.record(record) is None:
            raise Missing(f"the record {record} is gone")
        account = self._entries.make_account(username)
        chosen = tuple(label for label in project.labels if label in labels)
        self._entries.write_vote(record, account, status, chosen)

    def take_back(self, record: str, username: str) -> None:
        """Delete somebody's answer, if there is one."""
        account = self._entries.account(username)
        if account is not None:
            self._entries.delete_vote(record, account)

    async def set_up(self, project: ProjectCreated) -> bool:
        return await _in_thread(self._set_up, project)

    async def follow(self, project: ProjectCreated, min_submitted: Sequence[tuple[int, int]]) -> None:
        await _in_thread(self._follow, project)

    async def seen(self, batch: Batch) -> Mapping[int, SeenRecord] | None:
        return await _in_thread(self._seen_records, batch)

    async def shown(self, batch: str, number: int) -> Sequence[ShownText]:
        return await _in_thread(self._shown, batch, number)

    async def accounts(self) -> Mapping[str, str]:
        return await _in_thread(self._entries.accounts)

    async def put(self, texts: Sequence[AskedText]) -> None:
        await _in_thread(self._put, texts)

    async def remove(self, records: Sequence[str]) -> None:
        if records:
            await _in_thread(self._remove, records)

    async def make_account(self, username: str) -> str:
        return await _in_thread(self._entries.make_account, username)

    def forget(self) -> None:
        """Does nothing: nothing is remembered."""

    def _set_up(self, project: ProjectCreated) -> bool:
        if self._entries.project() is not None:
            return False
        self._entries.write_project(_entry(project))
        return True

    def _follow(self, project: ProjectCreated) -> None:
        if self._project() != _entry(project):
            self._entries.write_project(_entry(project))

    def _seen_records(self, batch: Batch) -> dict[int, SeenRecord] | None:
        if self._entries.project() is None:
            return None
        votes = self._entries.votes(batch.name)
        return {
            each.item: SeenRecord(
                each.id,
                votes.get(each.id, ()),
                each.made,
                restored=each.restored,
                suggested_by=each.suggestion.by if each.suggestion else "",
            )
            for each in self._entries.records(batch.name)
            if each.item in batch.items
        }

    def _shown(self, batch: str, number: int) -> list[ShownText]:
        records = [each for each in self._entries.records(batch) if each.number == number]
        shown = [ShownText(each.item, each.rank, each.reason) for each in records]
        return sorted(shown, key=lambda text: (text.rank, text.item))

    def _put(self, texts: Sequence[AskedText]) -> None:
        self._project()
        accounts = self._entries.accounts()
        gone = {
            vote.username for asked_text in texts for vote in asked_text.votes if vote.user not in accounts
        }
        if gone:
            raise Rejected(f"there is no account for {', '.join(sorted(gone))}")
        for asked_text in texts:
            self._put_text(asked_text)

    def _put_text(self, asked_text: AskedText) -> None:
        before = self._entries.record_of(asked_text.batch, asked_text.item)
        record = before.id if before else new_record_id(asked_text.batch, asked_text.item)
        put_back = {*(before.restored if before else ()), *asked_text.restored}
        # The votes go first: one that the record says was put back, and that is not there, looks withdrawn.
        for vote in asked_text.votes:
            self._entries.write_vote(record, str(vote.user), vote.status, vote.labels)
            put_back.add(str(vote.user))
        self._entries.write_record(
            RecordEntry(
                id=record,
                made=before.made if before else datetime.now(UTC),
                batch=asked_text.batch,
                number=asked_text.number,
                item=asked_text.item,
                rank=asked_text.rank,
                text=asked_text.text,
                reason=asked_text.reason,
                model=asked_text.model,
                suggestion=asked_text.suggestion,
                restored=tuple(sorted(put_back)),
                columns=dict(asked_text.columns),
                metadata=dict(asked_text.metadata),
            )
        )

    def _remove(self, records: Sequence[str]) -> None:
        self._project()
        for record in records:
            self._entries.delete_record(record)

    def _project(self) -> ProjectEntry:
        project = self._entries.project()
        if project is None:
            raise Missing("the project is not set up where people answer")
        return project


async def _in_thread(work: Callable[..., Result], *arguments: object) -> Result:
    try:
        return await asyncio.to_thread(work, *arguments)
    except OSError as error:
        raise Unavailable(f"where people answer cannot be reached: {one_line(error)}") from error


def _entry(project: ProjectCreated) -> ProjectEntry:
    return ProjectEntry(project.name, project.task, project.labels, project.min_submitted, project.guidelines)


def _asked_text(record: RecordEntry) -> AskedText:
    shown = {name: getattr(record, name) for name in record.__struct_fields__ if name not in ("id", "made")}
    return AskedText(**shown)
