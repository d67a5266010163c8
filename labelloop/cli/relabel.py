"""`labelloop noise` and `labelloop relabel`: find labels worth a second look, and ask for texts again."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import beginning, echo
from labelloop.config.locations import Where
from labelloop.errors import UserError

if TYPE_CHECKING:
    from labelloop.learner.requests import Suspect

LONGEST = 70


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option(
    "--most",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="List at most N labels, the most doubtful first.",
)
@options.as_json
def noise(where: Where, project: str | None, most: int, as_json: bool) -> None:
    """List suspects: labels that do not fit what a model of the other labels predicts (confident learning).

    Most suspects are right when most labels are: check them, from the first on.

    `labelloop relabel --noise 20` asks people for them again.
    """
    asyncio.run(_noise(where, project, most, as_json))


async def _noise(where: Where, project: str | None, most: int, as_json: bool) -> None:
    from dataclasses import asdict

    from labelloop.cli.opened import opened_project
    from labelloop.loop.pools import pool_of
    from labelloop.projects.catalog import sound
    from labelloop.projects.relabel import find_noise

    async with opened_project(where.find(), project) as (opened_log, history):
        state = sound(history)
        noisy = await find_noise(opened_log.store, state)
        pool = opened_log.store.open_pool(pool_of(state))
    worst = noisy.suspects[:most]
    texts = pool.texts([suspect.item for suspect in worst])
    if as_json:
        listed = [asdict(each) | {"text": text} for each, text in zip(worst, texts, strict=True)]
        counts = {"project": history.project, "judged": noisy.judged, "found": len(noisy.suspects)}
        echo(json.dumps(counts | {"suspects": listed}, ensure_ascii=False))
        return
    echo(_count(len(noisy.suspects), noisy.judged))
    for suspect, text in zip(worst, texts, strict=True):
        echo(_line(suspect, text))


def _count(suspects: int, judged: int) -> str:
    counted = f"{suspects} of {judged} labels are suspects"
    return f"{counted}: check the first ones, for suspects can be right" if suspects else counted


def _line(suspect: "Suspect", text: str) -> str:
    doubt = f"{suspect.label} ({suspect.confidence:.2f}), {suspect.suggested} fits better"
    return f"{suspect.item:>7}  {doubt}:  {beginning(text, LONGEST)}"


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("items", nargs=-1, type=click.IntRange(0))
@options.where_and_project
@click.option(
    "--noise", type=click.IntRange(1), help="Ask again for the N labels that `labelloop noise` lists first."
)
@options.why
def relabel(items: tuple[int, ...], where: Where, project: str | None, noise: int | None, why: str) -> None:
    """Ask people for texts again. New answers replace the old ones.

    ITEMS are numbers in the pool: `item` in `labelloop export`, "Pool item" in Argilla.

    `labelloop relabel 114 207 --why "new guidelines"`

    `labelloop relabel --noise 20`
    """
    asyncio.run(_relabel(items, where, project, noise, why))


async def _relabel(
    items: tuple[int, ...], where: Where, project: str | None, noise: int | None, why: str
) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.projects import relabel

    async with opened_project(where.find(), project) as (opened_log, history):
        texts: list[Any] = list(items)
        if noise is not None:
            texts += await relabel.suspects(opened_log.store, history, noise)
        if not texts:
            raise UserError("no text is named: give numbers in the pool, or --noise 20")
        count = await relabel.relabel(opened_log.log, history, texts, why)
    subject = "1 text is" if count == 1 else f"{count} texts are"
    echo(f"{subject} asked again as soon as services work on {history.project}")
