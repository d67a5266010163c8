"""`labelloop why`: a text's history in the loop."""

import asyncio
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.where import Where
from labelloop.errors import UserError

if TYPE_CHECKING:
    from labelloop.cli.opened import Opened
    from labelloop.loop.state import LoopState


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("item", type=click.IntRange(0))
@options.where_and_project
@click.option("--quick", is_flag=True, help="Do not ask the models what they predict now.")
@options.as_json
def why(item: int, where: Where, project: str | None, quick: bool, as_json: bool) -> None:
    """Tell why a text was asked, what people answered, and what each model since predicts for it.

    ITEM is its number in the pool: `item` of `labelloop export`, "Pool item" in Argilla.

    `labelloop why 114`
    """
    asyncio.run(_why(item, where, project, quick, as_json))


async def _why(item: int, where: Where, project: str | None, quick: bool, as_json: bool) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.cli.why_text import why_text
    from labelloop.projects.catalog import sound
    from labelloop.projects.reasons import reasons

    async with opened_project(where.find(), project) as (found, history):
        state = sound(history)
        size = state.project.pool.size if state.project else 0
        if item >= size:
            raise UserError(f"the pool of {history.project} has no text {item}: it has 0 to {size - 1}")
        said = reasons(state, item) | {"text": None}
        if found.places.known_store is not None:
            said["text"] = await asyncio.to_thread(_text, found, state, item)
            if not quick and said["models"]:
                await _predict(found, state, said)
    click.echo(json.dumps(said, ensure_ascii=False) if as_json else why_text(said))


def _text(found: "Opened", state: "LoopState", item: int) -> str:
    from labelloop.pool.snapshot import Snapshot

    assert state.project is not None
    return Snapshot.open(found.store.pool(state.project), state.project.pool.digest).texts([item])[0]


async def _predict(found: "Opened", state: "LoopState", said: dict[str, Any]) -> None:
    """Add to the models what they predict; None to those that are not there any more."""
    from labelloop.learner.worker import Worker
    from labelloop.projects.predictions import prediction_of_each
    from labelloop.projects.reasons import since
    from labelloop.settings import default_threads

    threads = default_threads()
    with closing(Worker(threads)) as worker:
        models = since(state, said["item"])
        picks = await prediction_of_each(worker, found.store, threads, state, models, said["item"])
    for model in said["models"]:
        pick = picks.get(model["model"])
        model["predicted"] = pick.label if pick else None
        model["probability"] = pick.probability if pick else None
