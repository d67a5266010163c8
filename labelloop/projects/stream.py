"""A project's pool grows by the messages of a topic, for as long as the project asks for texts."""

import asyncio
import shlex
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from labelloop.backoff import Backoff
from labelloop.errors import Unavailable, UserError, counted
from labelloop.log.base import Log, own_group
from labelloop.loop.history import History
from labelloop.loop.pools import offsets_read, remaining
from labelloop.loop.schedule import labelled
from labelloop.loop.settings_in_force import batches_to_ask, for_next
from labelloop.loop.state import LoopState, NotCreated
from labelloop.observe.service_status import LOG, ServiceStatus
from labelloop.pool.messages import Taken, TopicMessage, next_offsets, take
from labelloop.projects.catalog import is_deleted, sound
from labelloop.projects.data import Tell
from labelloop.projects.grow import Further, Grown, Read, grow_by
from labelloop.projects.options import ProjectOptions
from labelloop.projects.replay import read_again
from labelloop.runtime.retry import Retry
from labelloop.store import Store
from schemas.parts import TopicRead

if TYPE_CHECKING:
    from labelloop.log.kafka.topic_reader import Gone, TopicReader

Result = TypeVar("Result")
MOST_MESSAGES = 50_000
MOST_BYTES = 32 * 1024 * 1024
"""A portion is added as soon as it has so many. What is not read yet waits in the topic."""
SOON = 2.0
"""Seconds in which it waits for the messages that follow one for which the project waits."""
OLDEST, NEWEST = "oldest", "newest"


class Over(Exception):
    """The project takes no more texts; the message says why."""


@dataclass
class Portion:
    """Messages that were read and are not added yet; `before`: the offsets at which they begin."""

    before: dict[int, int]
    messages: list[TopicMessage] = field(default_factory=list)
    size: int = 0
    since: float = 0.0

    def put(self, messages: Iterable[TopicMessage]) -> None:
        for message in messages:
            self.since = self.since if self.messages else time.monotonic()
            self.messages.append(message)
            self.size += len(message.value or b"")

    @property
    def waited(self) -> float:
        """Seconds since the first of them was read."""
        return time.monotonic() - self.since if self.messages else 0.0

    @property
    def is_full(self) -> bool:
        return len(self.messages) >= MOST_MESSAGES or self.size >= MOST_BYTES


def is_due(state: LoopState, portion: Portion, every: float, is_idle: bool, is_first: bool) -> bool:
    """Whether a portion is to be added now.

    Before its time if the pool has run out of texts, and it makes a batch or people have nothing to label.
    `is_idle`: no more messages are there at present. `is_first`: the project has nothing of the topic so far.
    """
    if portion.is_full or portion.waited >= every:
        return bool(portion.messages)
    if not portion.messages or not (is_idle or portion.waited >= SOON):
        return False
    if is_first:
        return True
    has_run_out = remaining(state, 1) == 0
    return has_run_out and (len(portion.messages) >= for_next(state).batch_size or labelled(state))


def first_batch(state: LoopState) -> int:
    """The batch from which on texts of a stream are there.

    It is the one after the next one, so that a pick in the making is not dropped by each portion, unless
    there are too few texts for that one: it is then dropped a few times at most, until it has its size.
    """
    size = for_next(state).batch_size
    return state.numbered + (remaining(state, size) == size)


def why_over(history: History) -> str | None:
    """Why a project takes no more texts of a stream, or None. Raises UserError if it is halted."""
    if isinstance(history.state, NotCreated) or is_deleted(history):
        return f"the project {history.project} was deleted: what was not added is left in the topic"
    if history.is_away:
        return (
            f"the project {history.project} has {history.inactive_because}: go on there with --log; what was "
            "not added is left in the topic"
        )
    state = sound(history)
    if state.ended:
        return f"{history.project} has ended: what was not added is left in the topic"
    most = for_next(state).max_batches
    if most is not None and state.numbered >= most:
        batches = batches_to_ask(for_next(state)) or 0
        return (
            f"{history.project} has all of its {counted(batches, 'batch')}: `labelloop change "
            f"{shlex.quote(state.project.name)} --batches {2 * batches}` continues it; what was not added is "
            "left in the topic"
        )
    return None


class Stream:
    """Adds a topic's messages to a project. `added` is told of each portion, `note` of what else there is."""

    def __init__(
        self,
        log: Log,
        history: History,
        store: Store,
        reader: "TopicReader",
        options: ProjectOptions,
        why: str,
        added: Callable[[Grown], None],
        note: Tell,
    ) -> None:
        self._log, self._history, self._store, self._reader = log, history, store, reader
        self._options, self._why, self._added, self._note = options, why, added, note
        self._portion = Portion({})
        self._newest: LoopState | None = None
        self._is_open = self._is_first = True

    async def begin(self, start: str | None = None) -> None:
        """Open the topic where the log says that it was read, or anew from the `start` that is given.

        Raises UserError and Unavailable.
        """
        if line := why_over(self._history):
            raise UserError(line)
        await self._reader.look()
        offsets = self._offsets() if start != OLDEST else ()
        self._tell_gone(await self._reader.open(offsets, start == NEWEST))
        self._portion = Portion(dict(self._reader.begun))

    async def until_end(self) -> None:
        """Add what is there now. Raises UserError and Unavailable."""
        ends = await self._reader.ends()
        try:
            count = 0
            while not await self._reader.is_past(ends):
                count += await self._read()
                if self._portion.is_full:
                    await self._add()
            await self._add()
            if not count:
                self._note(f"{self._reader.topic}: no new messages")
        except Over as line:
            self._note(str(line))

    async def run(self, every: timedelta, status: ServiceStatus) -> None:
        """Add what comes, until the project takes no more texts. Outages are waited for. Raises UserError."""
        status.works(LOG)
        following = asyncio.create_task(self._follow())
        try:
            with Retry(status, self._reader.topic) as reading, Retry(status, "pool") as adding:
                while True:
                    if line := why_over(self._history):
                        raise Over(line)
                    is_idle = not await _lasting(reading, self._read)
                    is_first = self._is_first and not self._offsets()
                    if is_due(self._state, self._portion, every.total_seconds(), is_idle, is_first):
                        await _lasting(adding, self._add)
        except Over as line:
            self._note(str(line))
        finally:
            following.cancel()

    @property
    def _state(self) -> LoopState:
        """The project's newest state: as it was after the last portion, or since."""
        followed = sound(self._history)
        return followed if self._newest is None or followed.length > self._newest.length else self._newest

    def _offsets(self) -> tuple[int, ...]:
        return offsets_read(self._state, self._reader.cluster, self._reader.topic)

    async def _read(self) -> int:
        """Read what is there; how many messages came."""
        if not self._is_open:
            self._tell_gone(await self._reader.open())
            self._is_open = True
        try:
            records, gone = await self._reader.read()
        except Unavailable:
            self._is_open = False
            raise
        self._tell_gone(gone)
        self._portion.put(TopicMessage(record.partition, record.offset, record.value) for record in records)
        return len(records)

    async def _add(self) -> None:
        """Add the portion. Raises Over, UserError for a message that cannot be used, and Unavailable."""
        portion, taken = self._portion, list[Taken]()
        if not portion.messages:
            return
        history = await read_again(self._log, self._history)
        if line := why_over(history):
            raise Over(line)

        def read(further: Further) -> Sequence[Read]:
            skip = self._options.skip_bad_rows
            taken.append(take(self._reader.topic, portion.messages, further.message_columns, skip))
            return [further.take(taken[-1].table)]

        def topic() -> TopicRead:
            after = next_offsets({**self._reader.begun, **portion.before}, taken[-1].messages)
            offsets = tuple(after[partition] for partition in sorted(after))
            return TopicRead(topic=self._reader.topic, cluster=self._reader.cluster, offsets=offsets)

        grown = await grow_by(
            self._log,
            history,
            self._store,
            read,
            self._options,
            self._why,
            first_batch=first_batch,
            topic=topic,
        )
        self._newest, self._is_first = grown.state, False
        self._added(grown)
        if taken[-1].refused is not None:
            raise taken[-1].refused
        self._portion = Portion(next_offsets(portion.before, portion.messages))

    async def _follow(self) -> None:
        """Keep the history as the log has it."""
        backoff = Backoff()
        while True:
            # Whoever adds says what is wrong with the log.
            with suppress(Unavailable):
                async with self._log.follow(own_group()) as follower:
                    async for record in follower:
                        if record.event is not None and record.event.project == self._history.project:
                            self._history.add(record.event, record.position)
            await asyncio.sleep(backoff.next())

    def _tell_gone(self, gone: Sequence["Gone"]) -> None:
        for each in gone:
            self._note(
                f"warning: {each.end - each.first:,} messages of {self._reader.topic}, partition "
                f"{each.partition} (offsets {each.first} to {each.end - 1}) are gone: the topic deleted them "
                "before any text after them was added"
            )


async def _lasting(retry: Retry, step: Callable[[], Awaitable[Result]]) -> Result:
    """The step, again until nothing that it needs is away."""
    while True:
        try:
            result = await step()
        except Unavailable as error:
            await retry.wait(error)
        else:
            retry.is_over()
            return result
