"""Ask people for texts again, for example those with suspect labels."""

import asyncio
from collections.abc import Sequence
from contextlib import closing

from labelloop.config.service_settings import default_threads
from labelloop.errors import UserError
from labelloop.learner.requests import NoiseRequest, NoiseResult
from labelloop.learner.worker import Worker
from labelloop.log.base import Log
from labelloop.loop.history import History
from labelloop.loop.label_lists import label_list
from labelloop.loop.labels import current, decided
from labelloop.loop.pools import pool_of
from labelloop.loop.random_draws import derived
from labelloop.loop.schedule import open_batches, waiting_relabels
from labelloop.loop.settings_in_force import for_next
from labelloop.loop.state import LoopState
from labelloop.projects.catalog import sound
from labelloop.projects.operator_requests import ask, new_request, who
from labelloop.store import Store
from schemas.events import RelabelRequested


async def relabel(log: Log, history: History, items: Sequence[int], why: str = "") -> int:
    """Request the texts, each once. Returns how many. Raises UserError if one cannot be asked for now."""
    state = _going_on(history)
    distinct = tuple(dict.fromkeys(items))
    answered = {answer.item for _, answer in decided(state)}
    asked_now = under_way(state)
    for item in distinct:
        if item not in answered:
            raise UserError(
                f"text {item} of {history.project} has no answer yet: choose a text that people answered"
            )
        if item in asked_now:
            raise UserError(f"text {item} of {history.project} is already being asked again: leave it out")
    data = RelabelRequested(request=new_request(), who=who(), why=why, items=distinct)
    await ask(log, history, data)
    return len(distinct)


async def suspects(store: Store, history: History, most: int) -> list[int]:
    """The texts with the most suspect labels, without those that people are being asked for.

    Raises TaskError, and UserError, also if the project has ended.
    """
    state = _going_on(history)
    noise, asked_now = await find_noise(store, state), under_way(state)
    items = [suspect.item for suspect in noise.suspects if suspect.item not in asked_now]
    if not items:
        raise UserError(
            f"none of the {noise.judged} checked labels is a suspect: there is nothing to ask for again"
        )
    return items[:most]


def _going_on(history: History) -> LoopState:
    state = sound(history)
    if state.ended:
        raise UserError(f"{history.project} has ended: continue from its labels with `labelloop fork`")
    return state


def under_way(state: LoopState) -> set[int]:
    """The texts that people are asked for now, or will be because of a request."""
    waiting = (item for relabel in waiting_relabels(state) for item in relabel.items)
    return set(waiting).union(*(batch.items for batch in open_batches(state)))


async def find_noise(store: Store, state: LoopState) -> NoiseResult:
    """Find the suspects among the current labels. Raises TaskError and UserError."""
    project, threads = for_next(state), default_threads()
    if project.is_multi_label:
        raise UserError(
            f"{state.project_id} has no suspects, because its texts may have several labels, and they are "
            "defined for one: ask again for texts by their numbers, as `labelloop relabel 7`"
        )
    listed = label_list(state)
    request = NoiseRequest(
        pool=await asyncio.to_thread(store.pool, pool_of(state)),
        model=project.model.name,
        revision=project.model.revision,
        labels=listed.shown,
        examples=tuple((item, listed.show(names)) for item, names in sorted(current(state).items())),
        seed=derived(project.seed, "noise"),
        threads=threads,
        cache=store.cache(state.project_id),
    )
    with closing(Worker(threads)) as worker:
        return await worker.run(request)
