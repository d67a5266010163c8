"""`labelloop agreement`: how well annotators agree, and machines with them."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.config.locations import Where
from labelloop.errors import one_line

SHOWN = 5


@click.command(context_settings=options.FROM_ENVIRONMENT)
@options.where_and_project
@options.as_json
def agreement(where: Where, project: str | None, as_json: bool) -> None:
    """Show how well annotators agree: Krippendorff's alpha, and each annotator against the others.

    This needs texts that several people labelled: create the project with `--min-submitted 2` or more.

    If gold texts are mixed in (`--gold`), it shows how many of them each annotator labels rightly, and which
    labels they mistake for which.

    Of machines that suggest labels (`--suggest`), it shows how much they label, and how often as people do.
    """
    asyncio.run(_agreement(where, project, as_json))


async def _agreement(where: Where, project: str | None, as_json: bool) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.projects.agreement import agreement_figures
    from labelloop.projects.catalog import sound

    async with opened_project(where.find(), project) as (_, history):
        state = sound(history)
    figures = agreement_figures(state)
    echo(json.dumps(figures, ensure_ascii=False) if as_json else "\n".join(_lines(figures)))


def _lines(figures: Mapping[str, Any]) -> Iterator[str]:
    shared = f"{figures['shared']} of {figures['texts']} texts have labels from two or more people"
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
        yield f"{name:<{width}} {who['labels']} labels{compared}"
    for pair in figures["confused"][:SHOWN]:
        yield f"confused    {' and '.join(pair['labels'])}: {_times(pair)}"
    for name, who in figures.get("gold", {}).items():
        discarded = f", {who['discarded']} discarded" if who["discarded"] else ""
        share = (
            f", {who['right'] / who['labels']:.1%} right (95 %: {who['low']:.1%} to {who['high']:.1%})"
            if who["labels"]
            else ""
        )
        yield f"gold        {one_line(name)}: {who['labels']} labels{share}{discarded}"
        if wrong := who["confused"]:
            more = f", and {len(wrong) - SHOWN} more" if wrong[SHOWN:] else ""
            yield f"            {', '.join(map(_mistake, wrong[:SHOWN]))}{more}"
    for source, machine in figures.get("machines", {}).items():
        yield from _machine(one_line(source), machine)


def _times(pair: Mapping[str, Any]) -> str:
    return "once" if pair["times"] == 1 else f"{pair['times']} times"


def _mistake(pair: Mapping[str, Any]) -> str:
    return f"{_named(pair['labels'])} as {_named(pair['given'])} {_times(pair)}"


def _named(labels: list[str]) -> str:
    return one_line(" and ".join(labels) or "no label")


def _machine(source: str, machine: Mapping[str, Any]) -> Iterator[str]:
    asked = machine["asked"]
    others = ", ".join(f"{count} {one_line(why)}" for why, count in machine["abstained"].items())
    yield (
        f"{source:<11} {machine['labelled']} of {asked} texts labelled{f' ({others})' if others else ''}"
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
            f"  {one_line(name):<{width}} {function['labelled']} of {asked} texts labelled"
            f"{_as_people(function['compared'], 'people')}{conflicts}{pattern}"
        )


def _as_people(compared: Mapping[str, int], who: str) -> str:
    texts = compared["texts"]
    return f", {compared['agreed'] / texts:.1%} of {texts} as {who}" if texts else ""
