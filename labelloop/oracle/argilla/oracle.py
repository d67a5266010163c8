"""Argilla as an oracle: a project's records are the records of its data set."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from labelloop.config.settings import ServiceSettings
from labelloop.loop.state import Batch
from labelloop.oracle.argilla import (
    Argilla,
    Dataset,
    DatasetSpec,
    StoredRecord,
)
from labelloop.oracle.argilla.column_names import field_names, metadata_names, title
from labelloop.oracle.argilla.models import DEFAULT_WORKSPACE, ONE_FIELD
from labelloop.oracle.argilla.new_record import item_of, new_record, record_id, restored
from labelloop.oracle.base import AskedText, Missing, ShownText
from labelloop.oracle.lost_votes import SeenRecord
from labelloop.oracle.open import OraclePlugin
from labelloop.pool.context import metadata_kinds, seen_columns
from schemas.events import ProjectCreated
from schemas.parts import Vote

FRESH = 2.5
"""Seconds after which records are read again even if nobody answered: they may have been deleted."""
AT_ONCE = 0.2
"""Seconds in which it is not asked again whether somebody answered: the batches of one look."""


def dataset_spec(project_id: str, project: ProjectCreated) -> DatasetSpec:
    kinds = metadata_kinds(project)
    return DatasetSpec(
        name=project_id,
        labels=project.labels,
        guidelines=project.guidelines,
        min_submitted=project.min_submitted,
        task=project.task,
        fields={name: title(column) for column, name in field_names(seen_columns(project)).items()}
        or ONE_FIELD,
        metadata={name: (title(column), kinds[column]) for column, name in metadata_names(kinds).items()},
    )


class ArgillaOracle:
    """The oracle for people who answer in Argilla. Each project has its own data set."""

    def __init__(self, argilla: Argilla) -> None:
        self._argilla = argilla

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> "ArgillaOracle":
        """Raises UserError for an invalid address or invalid headers."""
        return cls(Argilla(settings.argilla_url, settings.argilla_key, settings.argilla_headers))

    def project(self, project_id: str) -> "ArgillaProject":
        return ArgillaProject(self._argilla, project_id)

    async def close(self) -> None:
        await self._argilla.__aexit__()


@dataclass(frozen=True)
class _Look:
    """A batch's records, and when they were read."""

    at: float
    records: list[StoredRecord]


class ArgillaProject:
    """One project in Argilla. Its data set is looked up once, and again if it is gone."""

    def __init__(
        self,
        argilla: Argilla,
        project_id: str,
        workspace: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._argilla = argilla
        self._clock = clock
        self._project_id = project_id
        self._workspace = workspace
        self._dataset: Dataset | None = None
        self._followed: DatasetSpec | None = None
        self._shown_to: frozenset[str] | None = None
        self._usernames: dict[str, str] = {}
        self._activity: str | None = None
        self._asked_activity = float("-inf")
        self._looks: dict[int, _Look] = {}

    async def seen(self, batch: Batch) -> dict[int, SeenRecord] | None:
        """The batch's records on the server by pool item. None if there is no data set."""
        dataset = await self._find()
        if dataset is None:
            return None
        try:
            records = await self._looked(dataset, batch.number)
        except Missing:
            self._dataset = None
            return None
        wanted = {record_id(batch.name, item): item for item in batch.items}
        await self._know_authors(records)
        return {
            wanted[record.external_id]: self._seen(record, dataset.labels)
            for record in records
            if record.external_id in wanted
        }

    async def shown(self, batch: str, number: int) -> Sequence[ShownText]:
        """The batch's texts on the server, by rank."""
        dataset = await self._find()
        if dataset is None:
            return ()
        try:
            records = await self._argilla.records(dataset, number, suggestions=False)
        except Missing:
            self._dataset = None
            return ()
        return sorted(_shown(batch, records), key=lambda text: (text.rank, text.item))

    async def accounts(self) -> Mapping[str, str]:
        """The current usernames by account id."""
        self._usernames = {user.id: user.username for user in await self._argilla.users()}
        return self._usernames

    async def set_up(self, project: ProjectCreated) -> bool:
        """Create the data set unless it exists. True if it had to be looked up, so it may be new."""
        if self._dataset is not None:
            return False
        spec = dataset_spec(self._project_id, project)
        spec = replace(spec, workspace=self._workspace or DEFAULT_WORKSPACE)
        self._dataset = await self._argilla.ensure_dataset(spec)
        self._followed = self._shown_to = None
        return True

    async def follow(self, project: ProjectCreated, min_submitted: Sequence[tuple[int, int]]) -> None:
        """Update the data set, once after each change, and once after it had to be looked up."""
        spec = replace(dataset_spec(self._project_id, project), by_batch=tuple(min_submitted))
        if spec != self._followed:
            await self._argilla.update_dataset(self._needed(), spec)
            self._followed = spec

    async def put(self, texts: Sequence[AskedText]) -> None:
        """Write records. An existing record keeps its id. Raises Missing without a data set."""
        if texts:
            self._looks.clear()
            await self._argilla.put_records(self._needed(), [new_record(asked) for asked in texts])

    async def remove(self, records: Sequence[str]) -> None:
        """Delete records by the server's ids. Records that are already gone are not an error."""
        if records:
            self._looks.clear()
            await self._argilla.delete_records(self._needed(), records)

    async def make_account(self, username: str) -> str:
        """Create an annotator's account with a new password. Returns the account's id."""
        self._shown_to = None
        account = await self._argilla.create_annotator(username, self._workspace or DEFAULT_WORKSPACE)
        return account.user_id

    async def show_only_to(self, annotators: Sequence[str]) -> Sequence[str]:
        """Give the project a workspace of its own, once after each change of them."""
        if self._workspace is None:
            self._workspace, self._dataset = self._project_id, None
        if self._shown_to == frozenset(annotators):
            return ()
        made = await self._argilla.share_workspace(self._workspace, annotators)
        self._shown_to = frozenset(annotators)
        return made

    def forget(self) -> None:
        """Look up the data set, its records and who sees them again next time."""
        self._dataset = self._shown_to = None

    def _needed(self) -> Dataset:
        if self._dataset is None:
            raise Missing(f"the data set {self._project_id} is not set up")
        return self._dataset

    async def _looked(self, dataset: Dataset, batch: int) -> list[StoredRecord]:
        """The batch's records. If nobody answered since, those of a moment ago: an answer is cheap to see."""
        now = self._clock()
        if now - self._asked_activity > AT_ONCE:
            activity = await self._argilla.last_activity(dataset)
            if activity is None or activity != self._activity:
                self._looks.clear()
            self._activity, self._asked_activity = activity, now
        look = self._looks.get(batch)
        if look is None or now - look.at > FRESH:
            look = _Look(now, await self._argilla.records(dataset, batch, suggestions=False))
            self._looks[batch] = look
        return look.records

    async def _find(self) -> Dataset | None:
        if self._dataset is None:
            self._looks.clear()
            self._dataset = await (
                self._argilla.find_project(self._project_id)
                if self._workspace is None
                else self._argilla.find_dataset(self._project_id, self._workspace)
            )
        return self._dataset

    async def _know_authors(self, records: Sequence[StoredRecord]) -> None:
        authors = {response.user_id for record in records for response in record.responses}
        if authors - self._usernames.keys():
            await self.accounts()

    def _seen(self, record: StoredRecord, labels: Sequence[str]) -> SeenRecord:
        places = {label: place for place, label in enumerate(labels)}
        votes = tuple(
            Vote(
                username=self._usernames[response.user_id],
                user=response.user_id,
                status=response.status,
                labels=tuple(sorted(response.labels, key=lambda label: places.get(label, len(places)))),
                time=response.updated_at,
            )
            for response in record.responses
            if response.user_id in self._usernames
        )
        return SeenRecord(
            record.id,
            votes,
            record.inserted_at,
            outdated=not record.is_literal,
            restored=restored(record.metadata),
        )


def _shown(batch: str, records: Sequence[StoredRecord]) -> Iterator[ShownText]:
    for record in records:
        item, rank = item_of(record.external_id, batch), record.metadata.get("rank")
        if item is not None and isinstance(rank, int):
            reason = record.metadata.get("reason")
            yield ShownText(item, rank, None if reason is None else str(reason))


ARGILLA = OraclePlugin("argilla", ArgillaOracle.from_settings)
