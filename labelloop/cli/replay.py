"""`labelloop replay`: a project's state at any point of its log, and the proof that the log is whole."""

import asyncio
import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import rich_click as click

from labelloop.cli import options
from labelloop.cli.values import Moment
from labelloop.cli.where import Where
from labelloop.errors import UserError

if TYPE_CHECKING:
    from labelloop.projects.replaying import Until


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option("--until", help="Take the events up to and with the one of this id.")
@click.option("--at", type=Moment(), help="Take the events up to this time, or so long ago, as 2h.")
@click.option("--batch", help="Take the events until this batch was done.")
@click.option("--verify", is_flag=True, help="Prove that the log, and the pool and models in the store, fit.")
@click.option("--retrain", help="Train this model again, and tell how like the first one it is.")
@options.as_json
def replay(
    where: Where,
    project: str | None,
    until: str | None,
    at: datetime | None,
    batch: str | None,
    verify: bool,
    retrain: str | None,
    as_json: bool,
) -> None:
    """Fold the log, and show what it had come to at that point: labels, open batches, models, annotators.

    `labelloop replay --batch 3`

    `labelloop replay --verify`

    `labelloop replay --retrain 3`

    `--verify` recomputes each event's datahash and id, its cause, the order of work and the digest behind
    each model, and reads each byte of the pool and of the models that are kept. It ends with the number of
    events, or with exit code 2 and the first event that does not fit.
    """
    from labelloop.projects.replaying import Until

    if sum(each is not None for each in (until, at, batch)) > 1:
        raise UserError("--until, --at and --batch say where to stop: give one of them")
    asyncio.run(_replay(where, project, Until(until, at, batch), verify, retrain, as_json))


async def _replay(
    where: Where,
    project: str | None,
    until: "Until",
    verify: bool,
    retrain: str | None,
    as_json: bool,
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.cli.replay_text import retrained_text, standing_text, verified_text
    from labelloop.loop.history import History
    from labelloop.loop.proof import Proof
    from labelloop.projects.replaying import Until, proven, replay_until
    from labelloop.projects.retraining import retrain as retrain_model
    from labelloop.projects.standing import standing

    async with opened_project(where.find(), project) as (found, chosen):
        history, verified, retrained = chosen, None, None
        if verify or until != Until():
            history = (Proof if verify else History)(chosen.project, await found.log.identity())
            await replay_until(found.log, history, until)
        if isinstance(history, Proof):
            store = found.store if found.places.known_store is not None else None
            verified = await proven(history, store)
        if retrain is not None:
            retrained = await retrain_model(found.store, history.state, retrain)
    said = standing(history)
    if as_json:
        proofs = {"verified": verified and asdict(verified), "retrained": retrained and asdict(retrained)}
        click.echo(json.dumps({**said, **proofs}))
        return
    click.echo(standing_text(said))
    if retrained is not None:
        click.echo(retrained_text(retrained))
    if verified is not None:
        click.echo(verified_text(verified))
