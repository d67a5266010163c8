"""Argilla as labelloop uses it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Self

from labelloop.oracle.argilla import about, accounts, datasets, queue, setup
from labelloop.oracle.argilla import records as records_
from labelloop.oracle.argilla.models import About, Account, Dataset, DatasetSpec, NewRecord, Record, User
from labelloop.oracle.argilla.transport import Transport

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Argilla:
    """The Argilla at `url` as the user of `api_key` sees it; an async context manager.

    `headers` go with every request (a private Space wants `Authorization: Bearer …`); `timeout` is in
    seconds, for each connection, read and write. Any call raises `labelloop.errors.Unavailable` if Argilla
    does not answer for now, `Refused` (a `UserError`) if it does not take the key, `Missing` if what is named
    is not there, and `Rejected` for what it holds for wrong. Raises UserError for a URL that is none.
    """

    def __init__(
        self, url: str, api_key: str, headers: Mapping[str, str] = NO_HEADERS, timeout: float = 20
    ) -> None:
        self._transport = Transport(url, api_key, headers, timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._transport.close()

    async def me(self) -> User:
        """The user of the key. Raises UserError if something else than an Argilla answers at the URL."""
        return await accounts.me(self._transport)

    async def about(self) -> About:
        """Its version, and what time it is there. Raises UserError if something else answers at the URL."""
        return await about.about(self._transport)

    async def users(self) -> list[User]:
        """Every user of this Argilla (an owner's key)."""
        return await accounts.users(self._transport)

    async def create_annotator(self, username: str, workspace: str, password: str | None = None) -> Account:
        """An annotator's account in the workspace, both made where absent (an owner's key).

        A new account gets `password`, or a generated one; that of an account that was there is neither
        changed nor told. Raises UserError for a name or password (8 to 100 characters) that Argilla refuses.
        """
        return await accounts.create_annotator(self._transport, username, workspace, password)

    async def new_password(self, username: str) -> str:
        """Give an account a new, generated password (an owner's key). Raises Missing if there is none."""
        return await accounts.new_password(self._transport, username)

    async def find_dataset(self, name: str, workspace: str) -> Dataset | None:
        """The published data set, None if there is none that the user can see."""
        return await datasets.find_dataset(self._transport, name, workspace)

    async def ensure_dataset(self, spec: DatasetSpec) -> Dataset:
        """The published data set, with its workspace, made or completed where needed.

        Raises UserError if the name is taken by a data set with other labels, or if Argilla refuses the spec.
        """
        return await setup.ensure_dataset(self._transport, spec)

    async def records(
        self, dataset: Dataset, batch: int | None = None, *, suggestions: bool = True
    ) -> list[Record]:
        """All records, or those of a batch, with everybody's responses (an owner's or admin's key).

        Without `suggestions` the server works a third less.
        """
        return await records_.records(self._transport, dataset, batch, suggestions)

    async def put_records(self, dataset: Dataset, records: Sequence[NewRecord]) -> None:
        """Write records under their external ids; what is there gets the new text and metadata.

        Responses of the users named are set, those of others stay; a suggestion that is None stays as it is.
        Raises Rejected, with nothing of its chunk of 500 written, if a response's user does not exist.
        """
        await records_.put_records(self._transport, dataset, records)

    async def delete_records(self, dataset: Dataset, record_ids: Sequence[str]) -> None:
        """Delete records by their server's ids, with their responses; those that are gone are no error."""
        await records_.delete_records(self._transport, dataset, record_ids)

    async def next_records(self, dataset: Dataset, count: int) -> list[Record]:
        """The first records that wait for the caller's answer, oldest batch first, as on the web page."""
        return await queue.next_records(self._transport, dataset, count)

    async def respond(self, record_id: str, labels: tuple[str, ...], status: str = "submitted") -> None:
        """Set the caller's own answer to a record; a second time replaces the first."""
        await queue.respond(self._transport, record_id, labels, status)
