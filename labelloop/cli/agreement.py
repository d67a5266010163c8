"""`labelloop agreement`: how well annotators agree, and machines with them."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import beginning, echo
from labelloop.cli.output import Output, output_options
from labelloop.config.locations import Where
from labelloop.errors import UserError, counted, one_line

if TYPE_CHECKING:
    from labelloop.projects.gold import AnsweredGold

SHOWN = 5
TEXTS_SHOWN, LONGEST = 20, 80


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@click.option("--gold", is_flag=True, help="List the gold texts with each person's answers instead.")
@output_options(None)
@options.as_json
def agreement(where: Where, project: str | None, gold: bool, output: Output, as_json: bool) -> None:
    """Show how well annotators agree: Krippendorff's alpha, and each annotator against the others.

    This needs texts that several people labelled: create the project with `--min-submitted 2` or more.

    If gold texts are mixed in (`--gold` of `init`), it shows how many of them each annotator labels rightly,
    and which labels they mistake for which. `--gold` lists these texts, and `--output gold.csv` writes them
    to a file.

    Of machines that suggest labels (`--suggest`), it shows how much they label, and how often as people do.
    """
    if output.is_given and not gold:
        raise UserError("--output writes the gold texts with their answers: give --gold too")
    asyncio.run(_gold(where, project, output, as_json) if gold else _agreement(where, project, as_json))


async def _agreement(where: Where, project: str | None, as_json: bool) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.projects.agreement import agreement_figures
    from labelloop.projects.catalog import sound

    async with opened_project(where.find(), project) as (_, history):
        state = sound(history)
    figures = agreement_figures(state)
    echo(json.dumps(figures, ensure_ascii=False) if as_json else "\n".join(_lines(figures)))


async def _gold(where: Where, project: str | None, output: Output, as_json: bool) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.loop.gold_texts import gold_snapshots
    from labelloop.projects.catalog import sound
    from labelloop.projects.gold import answered_gold, gold_rows, gold_table

    async with opened_project(where.find(), project) as (opened_log, history):
        state = sound(history)
        placed = output.placed(opened_log.locations.home, f"{history.project}-gold")
    name = one_line(state.project.name)
    if not gold_snapshots(state):
        raise UserError(
            f"{name} has no gold texts: name some with `labelloop change {quote(name)} --gold FILE`"
        )
    texts = await asyncio.to_thread(answered_gold, state, opened_log.store)
    lines = list(_gold_lines(texts)) or [f"nobody has answered a gold text of {name} yet"]
    if output.is_given:
        placed.export(gold_table(texts), history.project, state.log)
        lines = [f"{len(texts):,} gold texts with each person's answers: {placed.target}"]
    if as_json:
        facts = {"project": history.project, "answers": list(gold_rows(texts))}
        lines = [json.dumps(facts, ensure_ascii=False)]
    for line in lines:
        echo(line, err=output.is_given and placed.is_terminal)


def _gold_lines(texts: "Sequence[AnsweredGold]") -> Iterator[str]:
    for text in texts[:TEXTS_SHOWN]:
        yield f"{_named(text.labels)}: {beginning(text.text, LONGEST)}"
        for answer in text.answers:
            said = "discarded it" if answer.given is None else f"said {_named(answer.given)}"
            verdict = "" if answer.given is None else ", right" if answer.is_right else ", wrong"
            yield f"  {one_line(answer.username)} {said}{verdict}"
    if texts[TEXTS_SHOWN:]:
        yield f"{len(texts) - TEXTS_SHOWN:,} more: --output gold.csv writes all"


def _lines(figures: Mapping[str, Any]) -> Iterator[str]:
    have = "has" if figures["shared"] == 1 else "have"
    shared = (
        f"{figures['shared']} of {counted(figures['texts'], 'text')} {have} labels from two or more people"
    )
    if figures["alpha"] is None:
        why = (
            "they all have the same label"
            if figures["shared"]
            else "ask two people with --overlap 0.2 or --min-submitted 2"
        )
        yield f"alpha       not defined: {shared}; {why}"
    else:
        what = "nominal" if "labels" not in figures else "all labels of a text alike"
        yield f"alpha       {figures['alpha']:.3f} (Krippendorff's, {what}): {shared}"
    for label, alpha in figures.get("labels", {}).items():
        if alpha is not None:
            yield f"label       {one_line(label)}: {alpha:.3f}"
    width = max([11, *map(len, figures["annotators"])])
    for name, who in figures["annotators"].items():
        compared = (
            f", {who['agreed'] / who['compared']:.1%} of {who['compared']} agree with the majority of others"
            if who["compared"]
            else ""
        )
        yield f"{name:<{width}} {counted(who['labels'], 'label')}{compared}"
    for pair in figures["confused"][:SHOWN]:
        yield f"confused    {' and '.join(pair['labels'])}: {_times(pair)}"
    for name, who in figures.get("gold", {}).items():
        discarded = f", {who['discarded']} discarded" if who["discarded"] else ""
        share = (
            f", {who['right'] / who['labels']:.1%} right (95 %: {who['low']:.1%} to {who['high']:.1%})"
            if who["labels"]
            else ""
        )
        yield f"gold        {one_line(name)}: {counted(who['labels'], 'label')}{share}{discarded}"
        if wrong := who["confused"]:
            more = f", and {len(wrong) - SHOWN} more" if wrong[SHOWN:] else ""
            yield f"            {', '.join(map(_mistake, wrong[:SHOWN]))}{more}"
    for source, machine in figures.get("machines", {}).items():
        yield from _machine(one_line(source), machine)


def _times(pair: Mapping[str, Any]) -> str:
    return "once" if pair["times"] == 1 else f"{pair['times']} times"


def _mistake(pair: Mapping[str, Any]) -> str:
    return f"{_named(pair['labels'])} as {_named(pair['given'])} {_times(pair)}"


def _named(labels: Sequence[str]) -> str:
    return one_line(" and ".join(labels) or "no label")


def _machine(source: str, machine: Mapping[str, Any]) -> Iterator[str]:
    asked = machine["asked"]
    others = ", ".join(f"{count} {one_line(why)}" for why, count in machine["abstained"].items())
    yield (
        f"{source:<11} {machine['labelled']} of {counted(asked, 'text')} labelled"
        f"{f' ({others})' if others else ''}"
        f"{_as_people(machine['shown'], 'people who saw it')}"
        f"{_as_people(machine['unseen'], 'people who did not')}"
    )
    if any(machine["spent"].values()):
        tokens_in, tokens_out, cost = machine["spent"].values()
        yield f"            {tokens_in:,} tokens sent, {tokens_out:,} written, cost {cost:.4f}"
    width = max([9, *map(len, machine["functions"])])
    for name, function in machine["functions"].items():
        conflicts = f", {function['conflicts']} in conflict with others" if function["conflicts"] else ""
        pattern = f": {one_line(function['pattern'])}" if function["pattern"] else ""
        yield (
            f"  {one_line(name):<{width}} {function['labelled']} of {counted(asked, 'text')} labelled"
            f"{_as_people(function['compared'], 'people')}{conflicts}{pattern}"
        )


def _as_people(compared: Mapping[str, int], who: str) -> str:
    texts = compared["texts"]
    return f", {compared['agreed'] / texts:.1%} of {texts} as {who}" if texts else ""
