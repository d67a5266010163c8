"""Argilla as an oracle: a project's records are the records of its data set."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from labelloop.config.service_settings import ServiceSettings
from labelloop.loop.label_lists import LabelList
from labelloop.loop.state import Batch, Standing
from labelloop.oracle.argilla import Argilla, DatasetSpec, StoredRecord
from labelloop.oracle.argilla.looks import Looks
from labelloop.oracle.argilla.new_record import new_record, record_id, seen_record, shown_texts
from labelloop.oracle.argilla.values import DEFAULT_WORKSPACE, data_set_name, dataset_spec
from labelloop.oracle.argilla.wake_ups import Address, WakeUps
from labelloop.oracle.base import AskedText, Missing, OraclePlugin, ShownText
from labelloop.oracle.lost_votes import SeenRecord
from schemas.events import ProjectCreated
from schemas.parts import Vote

LOOK_UP_EVERY = 60.0


@dataclass(frozen=True)
class _Earlier:
    """When an earlier data set was looked up, and the looks at it if it is there."""

    at: float
    looks: Looks | None


class ArgillaOracle:
    """The oracle for people who answer in Argilla. Each project has its own data set.

    `address`: where Argilla can tell of answers. None: nowhere.
    """

    def __init__(self, argilla: Argilla, address: Address | None = None) -> None:
        self._argilla = argilla
        self._address = address
        self._projects: dict[str, ArgillaProject] = {}  # The watcher has one each, and keeps it.

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> "ArgillaOracle":
        """Raises UserError for an invalid address or invalid headers."""
        argilla = Argilla(settings.argilla_url, settings.argilla_key, settings.argilla_headers)
        return cls(argilla, Address.from_settings(settings))

    def project(self, project_id: str) -> "ArgillaProject":
        made = self._projects[project_id] = ArgillaProject(self._argilla, project_id)
        return made

    async def tell_of_answers(self, answered: Callable[[str], Awaitable[None]]) -> None:
        """Call `answered` with the id of a project in which somebody has just answered; see `WakesUp`."""
        if self._address is not None:
            await WakeUps(self._argilla, self._address, self._projects).keep(answered)

    async def close(self) -> None:
        await self._argilla.__aexit__()


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
        self._looks: Looks | None = None
        self._earlier: dict[str, _Earlier] = {}
        self._lists: Sequence[LabelList] = ()
        self._followed: DatasetSpec | None = None
        self._shown_to: frozenset[str] | None = None
        self._is_embedded: bool | None = None
        self._barred: Mapping[str, Standing] | None = None
        self._usernames: dict[str, str] = {}

    async def use_labels(self, lists: Sequence[LabelList]) -> None:
        """Ask in a data set for each list of labels to choose from; see `ChangesLabels`."""
        if tuple(lists) != self._lists:
            self._lists, self._looks = tuple(lists), None

    async def seen(self, batch: Batch) -> dict[int, SeenRecord] | None:
        """The batch's records on the server by pool item. None if there is no data set."""
        looks = await self._find()
        if looks is None:
            return None
        try:
            records = await looks.records(batch.number)
        except Missing:
            self._looks = None
            return None
        items_by_id = {record_id(batch.name, item): item for item in batch.items}
        earlier = await self._earlier_votes(batch.number) if len(self._lists) > 1 else {}
        await self._know_authors(records)
        return {
            items_by_id[record.external_id]: seen_record(
                record, self._votes(record, looks.dataset.labels), earlier.get(record.external_id, ())
            )
            for record in records
            if record.external_id in items_by_id
        }

    async def shown(self, batch: str, number: int) -> Sequence[ShownText]:
        """The batch's texts on the server, by rank."""
        looks = await self._find()
        if looks is None:
            return ()
        try:
            records = await self._argilla.records(looks.dataset, number, suggestions=False)
        except Missing:
            self._looks = None
            return ()
        return sorted(shown_texts(batch, records), key=lambda text: (text.rank, text.item))

    async def rests(self) -> bool:
        """Whether nobody has answered for a quarter of an hour, in the newest data set."""
        looks = await self._find()
        try:
            return looks is not None and await looks.rests()
        except Missing:
            return False

    async def accounts(self) -> Mapping[str, str]:
        """The current usernames by account id."""
        self._usernames = {user.id: user.username for user in await self._argilla.users()}
        return self._usernames

    async def set_up(self, project: ProjectCreated) -> bool:
        """Create the data set unless it exists. True if it had to be looked up, so it may be new."""
        if self._looks is not None:
            return False
        spec = replace(self._spec(project), workspace=self._workspace or DEFAULT_WORKSPACE)
        dataset = await self._argilla.ensure_dataset(spec)
        if spec.called:
            await self._argilla.call_labels(dataset, spec)
        for name in self._names[:-1]:
            await self._argilla.point_to(name, spec.workspace, dataset)
        self._looks = Looks(self._argilla, dataset, self._clock)
        self._followed = self._shown_to = self._barred = None
        return True

    async def follow(self, project: ProjectCreated, min_submitted: Sequence[tuple[int, int]]) -> None:
        """Update the data set, once after each change, and once after it had to be looked up."""
        spec = replace(self._spec(project), by_batch=tuple(min_submitted))
        if spec != self._followed:
            await self._argilla.update_dataset(self._needed().dataset, spec)
            self._followed = spec

    async def put(self, texts: Sequence[AskedText]) -> None:
        """Write records. An existing record keeps its id. Raises Missing without a data set."""
        if texts:
            looks = self._needed()
            looks.clear()
            await self._argilla.put_records(looks.dataset, [new_record(asked_text) for asked_text in texts])

    async def remove(self, records: Sequence[str]) -> None:
        """Delete records by the server's ids. Records that are already gone are not an error."""
        if records:
            looks = self._needed()
            looks.clear()
            await self._argilla.delete_records(looks.dataset, records)

    async def make_account(self, username: str) -> str:
        """Create an annotator's account with a new password. Returns the account's id."""
        self._shown_to = None
        account = await self._argilla.create_annotator(username, self._workspace or DEFAULT_WORKSPACE)
        return account.user_id

    async def show_only_to(self, annotators: Sequence[str]) -> Sequence[str]:
        """Give the project a workspace of its own, once after each change of them."""
        if self._workspace is None:
            self._workspace, self._looks = self._project_id, None
        if self._shown_to == frozenset(annotators):
            return ()
        new_accounts = await self._argilla.share_workspace(self._workspace, annotators)
        self._shown_to = frozenset(annotators)
        return new_accounts

    def read_anew(self) -> None:
        """Read everything anew next time: somebody has just answered."""
        for looks in (self._looks, *(earlier.looks for earlier in self._earlier.values())):
            if looks is not None:
                looks.read_anew()

    @property
    def answered_at(self) -> str | None:
        """When somebody answered last, as far as it was looked at."""
        return None if self._looks is None else self._looks.answered_at

    async def asks_by_text(self) -> bool:
        """Whether this is the embedded server."""
        if self._is_embedded is None:
            self._is_embedded = await self._argilla.standings() is not None
        return self._is_embedded

    async def bar(self, standings: Mapping[str, Standing]) -> None:
        """Say it to the embedded server. From an Argilla elsewhere, take people out of the workspace."""
        if standings == self._barred:
            return
        if not await self._argilla.say_standings(standings):
            barred = {name for name, standing in standings.items() if standing.is_barred}
            await self._argilla.leave_workspace(self._workspace or DEFAULT_WORKSPACE, barred)
        self._barred = dict(standings)

    def forget(self) -> None:
        """Look up the data set, its records and who sees them again next time."""
        self._looks = self._shown_to = self._barred = None
        self._earlier.clear()

    def _needed(self) -> Looks:
        if self._looks is None:
            raise Missing(f"the data set {self._project_id} is not set up")
        return self._looks

    @property
    def _names(self) -> list[str]:
        """The names of the data sets that the project had, oldest first."""
        return [data_set_name(self._project_id, place) for place in range(max(1, len(self._lists)))]

    def _spec(self, project: ProjectCreated) -> DatasetSpec:
        return dataset_spec(self._names[-1], project, self._lists[-1] if self._lists else None)

    async def _earlier_votes(self, batch: int) -> dict[str | None, tuple[Vote, ...]]:
        """The votes in earlier data sets, by the records' external ids, while people still answer there."""
        votes_of: dict[str | None, tuple[Vote, ...]] = {}
        newest = self._lists[-1]
        for name in self._names[:-1]:
            looks = await self._earlier_looks(name)
            try:
                if looks is None or await looks.is_quiet():
                    continue
                records = await looks.records(batch)
            except Missing:
                self._earlier.pop(name, None)
                continue
            await self._know_authors(records)
            for record in records:
                votes = newest.counting_votes(self._votes(record, newest.names))
                votes_of[record.external_id] = (*votes_of.get(record.external_id, ()), *votes)
        return votes_of

    async def _earlier_looks(self, name: str) -> Looks | None:
        """The looks at an earlier data set. One that is not there is looked up again after a minute."""
        earlier, now = self._earlier.get(name), self._clock()
        if earlier is None or (earlier.looks is None and now - earlier.at > LOOK_UP_EVERY):
            earlier = self._earlier[name] = _Earlier(now, await self._looks_at(name))
        return earlier.looks

    async def _looks_at(self, name: str) -> Looks | None:
        """The data set of this name, if it is there."""
        dataset = await (
            self._argilla.find_project(self._project_id, name)
            if self._workspace is None
            else self._argilla.find_dataset(name, self._workspace)
        )
        return None if dataset is None else Looks(self._argilla, dataset, self._clock)

    async def _find(self) -> Looks | None:
        if self._looks is None:
            self._looks = await self._looks_at(self._names[-1])
        return self._looks

    async def _know_authors(self, records: Sequence[StoredRecord]) -> None:
        authors = {response.user_id for record in records for response in record.responses}
        if authors - self._usernames.keys():
            await self.accounts()

    def _votes(self, record: StoredRecord, labels: Sequence[str]) -> tuple[Vote, ...]:
        places = {label: place for place, label in enumerate(labels)}
        return tuple(
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


ARGILLA = OraclePlugin("argilla", ArgillaOracle.from_settings)
