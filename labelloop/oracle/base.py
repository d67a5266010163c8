"""The interface of an oracle: where people's labels come from, in the loop's terms.

The querier keeps a project's records as the log says they are; the annotation watcher reads the votes on
them. Ids of records and accounts are the oracle's own: a vote is taken back only where both are still those
under which it was seen (`labelloop.oracle.lost_votes`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from labelloop.errors import UserError
from labelloop.loop.state import Batch
from labelloop.oracle.lost_votes import SeenRecord
from schemas.events import ProjectCreated
from schemas.parts import Vote


class Missing(Exception):
    """The project's records, the record or the account are not at the oracle (any more)."""


class Rejected(Exception):
    """The oracle holds what it was asked for wrong, or in conflict with what it has."""


class Refused(UserError):
    """The oracle does not let us in, or does not let us do this."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model would answer; `probability` is from 0 to 1."""

    labels: tuple[str, ...]
    probability: float | None
    model: str


@dataclass(frozen=True, slots=True)
class AskedText:
    """A text of a batch to be put before annotators, with what they may know of it.

    It is known by `batch` and `item`, however often it is written. `number`: where people meet the batch;
    `rank`: its place in the batch; `reason` and `model`: why and by which model it was picked; `suggestion`:
    what they are shown as an answer; None: they are not to know. `votes` are put back as they were recorded;
    the `user` of each is the id of an account that is there now.
    """

    batch: str
    number: int
    item: int
    rank: int
    text: str
    reason: str | None = None
    model: str | None = None
    suggestion: Prediction | None = None
    votes: tuple[Vote, ...] = ()


class ProjectRecords(Protocol):
    """The records of one project.

    Any call raises `labelloop.errors.Unavailable` while the oracle does not answer, and `Refused` where it
    does not let us. The querier calls all of it; the watcher `seen` and `accounts` only.
    """

    async def set_up(self, project: ProjectCreated) -> bool:
        """Make room for records, unless it is known to be there. True: it may be new, and hold nothing.

        Raises UserError where the oracle cannot ask people what the project asks.
        """
        ...

    async def seen(self, batch: Batch) -> Mapping[int, SeenRecord] | None:
        """The batch's records by pool item, with the votes of all whose accounts are there.

        None where the project is not set up (any more).
        """
        ...

    async def accounts(self) -> Mapping[str, str]:
        """The usernames of this moment by the accounts' ids."""
        ...

    async def put(self, texts: Sequence[AskedText]) -> None:
        """Write records; one that is there stays the same record, and keeps the votes that are not given.

        Raises Missing where the project is not set up, and Rejected, as when an account is gone by now.
        """
        ...

    async def remove(self, records: Sequence[str]) -> None:
        """Delete records by their ids, with their votes; those that are gone are no error. Raises Missing."""
        ...

    async def make_account(self, username: str) -> str:
        """Make an account by which someone can answer, unless it is there: its id."""
        ...

    def forget(self) -> None:
        """Ask anew next time whether the project is set up."""
        ...


class Oracle(Protocol):
    """The people of a deployment, wherever they answer."""

    def project(self, project_id: str) -> ProjectRecords:
        """The records of a project, which need not be set up yet. Asks nothing."""
        ...

    async def close(self) -> None:
        """Give back what it holds."""
        ...
