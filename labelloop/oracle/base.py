"""The interface of an oracle, where people's labels come from, and how a deployment's is opened."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import UserError
from labelloop.loop.label_lists import LabelList, places
from labelloop.loop.state import Batch, LoopState, Standing
from labelloop.oracle.lost_votes import SeenRecord
from labelloop.plugins import Plugins
from labelloop.pool.context import Metadata
from schemas.events import ProjectCreated
from schemas.parts import Vote


class Missing(Exception):
    """The project's records, a record or an account are not (or no longer) at the oracle."""


class Rejected(Exception):
    """The oracle says that a request is invalid or conflicts with its data."""


class Refused(UserError):
    """The oracle refuses our credentials, or does not permit the request."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's prediction, or a machine's in its place. `probability` is from 0 to 1.

    Where a text may have several labels: `probabilities` are those of the labels, of which there may be none,
    and `probability` is that of the likeliest label, whether it is predicted or not. `by`: which machine
    suggests it in the model's place; "" if none does.
    """

    labels: tuple[str, ...]
    probability: float | None
    model: str
    probabilities: tuple[float, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class AskedText:
    """A text of a batch to show to annotators, with what they may know about it.

    `batch` and `item` identify it, however often it is written. `number`: the batch's place in the queue.
    `rank`: the text's place in the batch. `reason` and `model`: why and by which model it was picked.
    `suggestion`: the prediction that annotators see, or None for no suggestion. `votes`: recorded votes to
    restore; the `user` of each is the id of an existing account. `restored`: the ids of the accounts whose
    votes were put back on the record before (`SeenRecord.restored`). `columns`: what people are shown in
    place of the text, by column, in order (None: the text has none; empty: they see the text). `metadata`:
    further columns by which people can filter. `wanted`: how many people shall answer it, if that is not what
    holds for its batch. `other_number`: what people may read as its number in place of `item`, which would
    tell them that its label is known.
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
    restored: tuple[str, ...] = ()
    columns: Mapping[str, str | None] = field(default_factory=dict)
    metadata: Mapping[str, Metadata | None] = field(default_factory=dict)
    wanted: int | None = None
    other_number: int | None = None


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text of a batch as people are shown it: pool item, rank, and `reason` (None for an audit text)."""

    item: int
    rank: int
    reason: str | None


class ProjectRecords(Protocol):
    """The records of one project.

    Any call raises `labelloop.errors.Unavailable` while the oracle does not answer, and `Refused` if it
    refuses us. The querier uses all methods, the watcher only `seen` and `accounts`.
    """

    async def set_up(self, project: ProjectCreated) -> bool:
        """Prepare the place for the records, unless it is known to exist. True: it may be new and empty.

        Raises UserError if the oracle cannot ask the project's question.
        """
        ...

    async def seen(self, batch: Batch) -> Mapping[int, SeenRecord] | None:
        """The batch's records by pool item, with the votes of all existing accounts.

        None if the project is not (or no longer) set up.
        """
        ...

    async def accounts(self) -> Mapping[str, str]:
        """The current usernames by account id."""
        ...

    async def put(self, texts: Sequence[AskedText]) -> None:
        """Write records. An existing record keeps its id, and votes that are not given.

        Raises Missing if the project is not set up, and Rejected, for example if an account is gone.
        """
        ...

    async def remove(self, records: Sequence[str]) -> None:
        """Delete records by id, with their votes. Missing records are not an error. Raises Missing."""
        ...

    async def make_account(self, username: str) -> str:
        """Create an account for an annotator unless it exists. Returns its id."""
        ...

    def forget(self) -> None:
        """Read everything anew next time, also whether the project is set up. Needed by who remembers."""


@runtime_checkable
class KnowsBatches(Protocol):
    """Records that can tell which texts a batch has, also a batch that the log does not have.

    An oracle need not offer it. After an older log was restored, its batches are picked anew without it.
    """

    async def shown(self, batch: str, number: int) -> Sequence[ShownText]:
        """The texts of the batch of this name and number, by rank. Empty if the project is not set up."""
        ...


@runtime_checkable
class FollowsChanges(ProjectRecords, Protocol):
    """Records whose place can follow changes of a project's settings. An oracle need not offer it."""

    async def follow(self, project: ProjectCreated, min_submitted: Sequence[tuple[int, int]]) -> None:
        """Show the project's guidelines from now on, and ask for as many answers to each text as are wanted.

        `min_submitted`: from which batch on how many. `project.min_submitted` is the most that a batch wants
        which is open or comes next. Called often, but only after one of them was changed. Raises Missing if
        the project is not set up, and UserError if the oracle refuses.
        """
        ...


@runtime_checkable
class ChangesLabels(ProjectRecords, Protocol):
    """Records whose labels can change while people answer. An oracle need not offer it."""

    async def use_labels(self, lists: Sequence[LabelList]) -> None:
        """Ask with the last of these lists of labels from now on; the others are older, oldest first.

        Called often, and always before `set_up` and `seen`. A list that is only called otherwise takes the
        place of the one before. Where it has other labels to choose from, there are no records yet: `put`
        fills it. `seen` tells the answers that people still give by the lists of before as `earlier`.
        """
        ...


@runtime_checkable
class ShowsToSome(ProjectRecords, Protocol):
    """Records that some people see, and others do not. An oracle need not offer it."""

    async def show_only_to(self, annotators: Sequence[str]) -> Sequence[str]:
        """Let only these people see the project. Returns those whose account is new.

        Called often, and always before `set_up`. Answers of others that there are stay.
        """
        ...


@runtime_checkable
class AsksByText(ProjectRecords, Protocol):
    """Records of which each may want answers of its own number. An oracle need not offer it."""

    async def asks_by_text(self) -> bool:
        """Whether `AskedText.wanted` counts here. Then `SeenRecord.wanted` tells it."""
        ...


@runtime_checkable
class BarsPeople(ProjectRecords, Protocol):
    """Records from which people can be kept, by their names. An oracle need not offer it."""

    async def bar(self, standings: Mapping[str, Standing]) -> None:
        """Let those who may not answer answer no more, and the others again. What they answered stays.

        Called often, and always before `set_up`.
        """
        ...


@runtime_checkable
class TellsRest(ProjectRecords, Protocol):
    """Records that tell cheaply when nobody answers, so that they can be looked at less often."""

    async def rests(self) -> bool:
        """Whether nobody has answered for a while; False if the records are not there."""
        ...


async def asks_by_text(records: ProjectRecords) -> bool:
    """Whether each text may want answers of its own number, as far as the records tell."""
    return isinstance(records, AsksByText) and await records.asks_by_text()


async def at_rest(records: ProjectRecords) -> bool:
    """Whether nobody has answered for a while, as far as the records tell."""
    return isinstance(records, TellsRest) and await records.rests()


class Oracle(Protocol):
    """The people of a deployment who answer."""

    def project(self, project_id: str) -> ProjectRecords:
        """The records of a project, which need not be set up yet. Sends no request."""
        ...

    async def close(self) -> None:
        """Release its resources, if it has any."""


@runtime_checkable
class WakesUp(Protocol):
    """An oracle that tells at once when somebody answers. An oracle need not offer it: votes are polled."""

    async def tell_of_answers(self, answered: Callable[[str], Awaitable[None]]) -> None:
        """Call `answered` with the id of a project in which somebody has just answered, until cancelled.

        `seen` then returns that answer too. Calls may be missing, late or too many. It may return at once,
        where there is nothing by which it could tell.
        """
        ...


async def use_labels(state: LoopState, records: ProjectRecords) -> None:
    """Tell the records which labels there are, if they changed. Raises UserError if they cannot change."""
    if not state.label_changes:
        return
    if not isinstance(records, ChangesLabels):
        raise UserError(
            f"the labels of {state.project_id} changed, which people here cannot be shown: use Argilla"
        )
    await records.use_labels(places(state))


@dataclass(frozen=True)
class OraclePlugin:
    """An oracle plugin: its name, and how to open it.

    `open` gets the settings of the service. It raises UserError for wrong settings, and does not connect.
    """

    name: str
    open: Callable[[ServiceSettings], Oracle]


ORACLES = Plugins("labelloop.oracles", OraclePlugin, "oracle")


def open_oracle(settings: ServiceSettings) -> Oracle:
    """The oracle that the settings name. Raises UserError if it is not installed, or for wrong settings."""
    return ORACLES.get(settings.oracle).open(settings)
