"""Add texts to the pool of a project while it runs."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Log
from labelloop.loop.history import History
from labelloop.loop.pools import pool_of
from labelloop.loop.state import LoopState
from labelloop.projects.catalog import sound
from labelloop.projects.create import SOURCE
from labelloop.projects.data import Tell, untold
from labelloop.projects.further import Further, Read
from labelloop.projects.operator_requests import who
from labelloop.projects.options import ProjectOptions
from labelloop.projects.replay import read_again
from labelloop.store import Store
from schemas.envelope import Event, new_event
from schemas.events import PoolGrown
from schemas.fields import UNSAID
from schemas.parts import Snapshot, TopicRead

TRIES = 5


@dataclass(frozen=True)
class Grown:
    """How many texts were added (0: nothing changes), notes on each source, and the state after it."""

    texts: int
    notes: tuple[str, ...]
    state: LoopState


async def grow(
    log: Log,
    history: History,
    store: Store,
    sources: Sequence[str],
    options: ProjectOptions,
    why: str = "",
    tell: Tell = untold,
) -> Grown:
    """Add the texts of files, folders and Hub ids that the pool does not have, from the next batch on.

    Either all sources are read and added, or nothing. Raises UserError, and Unavailable if others add texts
    all the time.
    """

    def read(further: Further) -> Sequence[Read]:
        return [further.read(source) for source in sources]

    return await grow_by(log, history, store, read, options, why, tell)


async def grow_by(
    log: Log,
    history: History,
    store: Store,
    read: Callable[[Further], Sequence[Read]],
    options: ProjectOptions,
    why: str = "",
    tell: Tell = untold,
    first_batch: Callable[[LoopState], int] = lambda state: state.numbered,
    topic: Callable[[], TopicRead] = lambda: UNSAID,
) -> Grown:
    """Add what `read` finds to be new, which is asked again if others added texts meanwhile.

    `first_batch`: from which batch on. `topic`: how far it was read by then. Raises what `grow` raises.
    """
    for _ in range(TRIES):
        state = sound(history)
        if state.ended:
            raise UserError(
                f"{history.project} has ended: continue from its labels with `labelloop fork`, and add to "
                "that project"
            )
        with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
            further = await asyncio.to_thread(Further, state, store, options, Path(folder), tell)
            added = await asyncio.to_thread(read, further)
            notes = tuple(note for each in added for note in each.notes)
            snapshots = [each.snapshot for each in added if each.snapshot is not None]
            texts = sum(snapshot.size for snapshot in snapshots)
            if not texts:
                return Grown(0, notes, state)
            tell(f"storing {texts:,} texts")
            for snapshot in snapshots:
                file = Path(folder) / snapshot.uri.removeprefix(f"{history.project}/")
                await asyncio.to_thread(store.add_snapshot, snapshot, file)
        await log.append(*_events(state, snapshots, why, first_batch(state), topic()))
        history = await read_again(log, history)
        after = sound(history)
        if {*snapshots} <= {*pool_of(after).snapshots}:
            return Grown(texts, notes, after)
    raise Unavailable(f"others add texts to {history.project} all the time: nothing was added; try it again")


def _events(
    state: LoopState, snapshots: Sequence[Snapshot], why: str, first_batch: int, topic: TopicRead
) -> Iterator[Event]:
    newest = pool_of(state).version
    for snapshot in snapshots:
        data = PoolGrown(
            snapshot=snapshot, after=newest, from_batch=first_batch, who=who(), why=why, topic=topic
        )
        yield new_event(state.project_id, data, source=SOURCE, cause=state.latest_id)
        newest = snapshot.digest
