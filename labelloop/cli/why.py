"""`labelloop why`: a text's history in the loop."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.config.locations import Where
from labelloop.errors import UserError, counted, one_line

if TYPE_CHECKING:
    from labelloop.cli.opened import Opened
    from labelloop.loop.state import LoopState


@click.command(context_settings=options.FROM_ENVIRONMENT)
@click.argument("item", type=click.IntRange(0))
@options.where_and_project
@click.option("--quick", is_flag=True, help="Do not ask the models what they predict now.")
@options.as_json
def why(item: int, where: Where, project: str | None, quick: bool, as_json: bool) -> None:
    """Show why a text was asked, what people answered, and what each later model predicts for it.

    ITEM is its number in the pool: `item` in `labelloop export`, "Pool item" in Argilla.

    `labelloop why 114`
    """
    asyncio.run(_why(item, where, project, quick, as_json))


async def _why(item: int, where: Where, project: str | None, quick: bool, as_json: bool) -> None:
    from labelloop.cli.opened import opened_project
    from labelloop.loop.pools import pool_of
    from labelloop.projects.catalog import sound
    from labelloop.projects.why import reasons

    async with opened_project(where.find(), project) as (opened_log, history):
        state = sound(history)
        size = pool_of(state).size
        if item >= size:
            raise UserError(f"the pool of {history.project} has no text {item}: choose from 0 to {size - 1}")
        text_facts = reasons(state, item) | {"text": None}
        if opened_log.locations.known_store is not None:
            text_facts["text"] = await asyncio.to_thread(_text, opened_log, state, item)
            if not quick and text_facts["models"]:
                await _predict(opened_log, state, text_facts)
    echo(json.dumps(text_facts, ensure_ascii=False) if as_json else why_text(text_facts))


def _text(opened_log: "Opened", state: "LoopState", item: int) -> str:
    from labelloop.loop.pools import pool_of

    return opened_log.store.open_pool(pool_of(state)).texts([item])[0]


async def _predict(opened_log: "Opened", state: "LoopState", text_facts: dict[str, Any]) -> None:
    """Add each model's prediction; None for models that are no longer kept."""
    from labelloop.config.service_settings import default_threads
    from labelloop.learner.worker import Worker
    from labelloop.loop.label_lists import label_list
    from labelloop.loop.labels import named
    from labelloop.projects.learner_requests import predicted, prediction_of_each
    from labelloop.projects.why import since

    threads = default_threads()
    with closing(Worker(threads)) as worker:
        models = since(state, text_facts["item"])
        picks = await prediction_of_each(worker, opened_log.store, threads, state, models, text_facts["item"])
    several, listed = state.project.is_multi_label, label_list(state)
    for model in text_facts["models"]:
        pick = picks.get(model["model"])
        model["predicted"] = named(listed.show(predicted(pick, several))) if pick else None
        model["probability"] = pick.probability if pick else None
        if pick and several:
            model["probabilities"] = {listed.called[name]: each for name, each in pick.labels}


def why_text(text_facts: Mapping[str, Any]) -> str:
    return "\n".join(_lines(text_facts))


def _lines(text_facts: Mapping[str, Any]) -> Iterator[str]:
    from labelloop.loop.labels import named

    yield f"text {text_facts['item']}" + (
        "" if text_facts["text"] is None else f"    {one_line(text_facts['text'])}"
    )
    if not text_facts["asked"]:
        yield "asked       not yet"
    for asking in text_facts["asked"]:
        yield from _asking_lines(asking)
    labels = text_facts["labels"]
    yield f"label       {'none' if labels is None else named(labels)}"
    for model in text_facts["models"]:
        yield _model(model)


def _asking_lines(asking: Mapping[str, Any]) -> Iterator[str]:
    from labelloop.loop.labels import named
    from labelloop.projects.why import reason_of

    place = f"number {asking['rank'] + 1} of the {asking['texts']} of batch {asking['batch']}"
    yield f"asked       {asking['time']}, as {place}"
    yield f"because     {reason_of(asking)}{_how(asking)}"
    if (shortlist := asking["shortlist"]) is not None:
        yield (
            f"among       {shortlist['doubtful'] + shortlist['drawn']:,} texts that the model scored: "
            f"{shortlist['drawn']:,} drawn, and {shortlist['doubtful']:,} of which a probe was least sure "
            f"when it looked at {shortlist['looked_at']:,}"
        )
    if asking["model"] is not None:
        yield f"by          model {asking['model']}{_predicted(asking)}"
    if (chosen := asking["lookahead"]) is not None:
        yield (
            f"when        {chosen['waiting']} texts waited for people, who would answer "
            f"{chosen['expected']:.0f} until the batch was there"
        )
    for vote in asking["votes"]:
        has_label = vote["labels"] or vote["status"] == "submitted"
        label = f" {named(vote['labels'])}" if has_label else ""
        time = f", {vote['time']}" if vote["time"] else ""
        yield f"answered    {vote['annotator']}: {vote['status']}{label}{time}"
    if not asking["votes"]:
        yield "answered    by nobody" + ("" if asking["done"] else " so far")
    if asking["agreement"] is not None:
        yield f"agreement   {asking['agreement']:.2f}"


def _how(asking: Mapping[str, Any]) -> str:
    if asking["reason"] == "given":
        return ""
    strategy = "" if asking["strategy"] is None else f"strategy {asking['strategy']}, "
    score = "" if asking["score"] is None else f", score {asking['score']:.4f}"
    return f" ({strategy}seed {asking['seed']}{score})"


def _predicted(asking: Mapping[str, Any]) -> str:
    probabilities = asking.get("probabilities")
    if not asking["predicted"] and probabilities is None:
        return ""
    shown = "shown as a suggestion" if asking["suggested"] else "not shown"
    probability = f"{asking['probability']:.2f}"
    if probabilities is None:
        return f", which predicted {', '.join(asking['predicted'])} ({probability}; {shown})"
    each = dict(zip(asking["predicted"], probabilities, strict=True))
    return f", which predicted {_several(each, probability)} ({shown})"


def _several(predicted: Mapping[str, float], likeliest: str) -> str:
    from labelloop.loop.labels import named

    label_texts = ", ".join(f"{label} {sure:.2f}" for label, sure in predicted.items())
    return label_texts or f"{named(())}, the likeliest label {likeliest}"


def _model(model: Mapping[str, Any]) -> str:
    learned = "has learned it" if model["learned_it"] else "has not learned it"
    if "predicted" not in model:
        predicts = ""
    elif model["predicted"] is None:
        predicts = ", no longer kept"
    else:
        probability, each = f"{model['probability']:.2f}", model.get("probabilities")
        prediction = f"{model['predicted']} ({probability})" if each is None else _several(each, probability)
        predicts = f", predicts {prediction}"
    return f"model {model['model']:<6}{counted(model['labels'], 'label')}, {learned}{predicts}"
