"""`labelloop agreement`: how well annotators agree."""

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
    """
    asyncio.run(_agreement(where, project, as_json))


async def _agreement(where: Where, project: str | None, as_json: bool) -> None:
    from dataclasses import asdict

    from labelloop.cli.opened import opened_project
    from labelloop.loop import agreement as measured
    from labelloop.loop.label_lists import label_list
    from labelloop.projects.catalog import sound

    async with opened_project(where.find(), project) as (_, history):
        state = sound(history)
    listed, asked = label_list(state), measured.answers(state)
    by_text = list(asked.values())
    figures: dict[str, Any] = {
        "project": history.project,
        "alpha": measured.alpha(by_text),
        "texts": len({item for item, _ in asked}),
        "shared": len({item for (item, _), submitted in asked.items() if len(submitted) > 1}),
        "annotators": {name: asdict(who) for name, who in measured.annotators(by_text).items()},
        "confused": [
            {"labels": list(listed.show(pair)), "times": times}
            for pair, times in measured.confusions(by_text)
        ],
    }
    if state.project.is_multi_label:
        alphas = measured.by_label(by_text, listed.names)
        figures["labels"] = {listed.called[name]: alpha for name, alpha in alphas.items()}
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
        times = "once" if pair["times"] == 1 else f"{pair['times']} times"
        yield f"confused    {' and '.join(pair['labels'])}: {times}"
