"""`labelloop why`: a text's history in the loop."""

import asyncio
import json
from collections.abc import Container, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import rich_click as click

from labelloop.cli import options
from labelloop.cli.echo import echo
from labelloop.config.locations import Where
from labelloop.errors import UserError, one_line

if TYPE_CHECKING:
    from labelloop.cli.opened import Opened
    from labelloop.loop.label_lists import LabelList
    from labelloop.loop.state import Batch, LoopState, Trained

REASONS = {
    "cold-start": "drawn at random, before there was a model",
    "uncertain": "picked by the query strategy",
    "audit": "drawn at random, for an audit",
    "relabel": "asked again",
    "given": "imported with its label",
}


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
    from labelloop.config.settings import default_threads
    from labelloop.learner.worker import Worker
    from labelloop.loop.label_lists import label_list
    from labelloop.loop.labels import named
    from labelloop.projects.learner_requests import predicted, prediction_of_each

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

    place = f"number {asking['rank'] + 1} of the {asking['texts']} of batch {asking['batch']}"
    yield f"asked       {asking['time']}, as {place}"
    yield f"because     {_reason(asking)}{_how(asking)}"
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


def _reason(asking: Mapping[str, Any]) -> str:
    if (asking["reason"], asking["strategy"]) == ("cold-start", "typical"):
        return "typical of texts that are like it, before there was a model"
    return REASONS.get(asking["reason"], str(asking["reason"]))


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
    return f"model {model['model']:<6}{model['labels']} labels, {learned}{predicts}"


def reasons(state: "LoopState", item: int) -> dict[str, Any]:
    """As JSON values: each time the text was asked, its current label, and the models `since`."""
    from labelloop.loop.label_lists import label_list
    from labelloop.loop.labels import current, learned_labels

    listed = label_list(state)
    asking_batches = [batch for batch in state.batches.values() if item in batch.items]
    labels = current(state).get(item)
    return {
        "project": state.project_id,
        "item": item,
        "asked": [{**_asking(batch, item, listed), **_choice(state, batch)} for batch in asking_batches],
        "labels": None if labels is None else list(listed.show(labels)),
        "models": [
            _learned_by(trained, learned_labels(state, trained), item) for trained in since(state, item)
        ],
    }


def since(state: "LoopState", item: int) -> "Iterator[Trained]":
    """The model that first picked the text, and all models trained after it."""
    first = next((batch for batch in state.batches.values() if item in batch.items), None)
    for name, trained in state.models.items():
        if first is not None and (name == first.queried.model or trained.at >= first.queried_at):
            yield trained


def _choice(state: "LoopState", batch: "Batch") -> dict[str, Any]:
    """Why this model picked the batch, where the lookahead grows."""
    chosen = state.chosen.get(batch.name)
    return {"lookahead": chosen and {"waiting": chosen.waiting, "expected": chosen.expected}}


def _asking(batch: "Batch", item: int, listed: "LabelList") -> dict[str, Any]:
    from schemas.fields import UNSAID
    from schemas.model import plain

    queried = batch.queried
    picked = next(picked for picked in queried.items if picked.item == item)
    answer = next((answer for answer in batch.answers if answer.item == item), None)
    decided = batch.revisions[-1].items if batch.revisions else ()
    verdict = next((answer for answer in decided if answer.item == item), None)
    return {
        "batch": batch.name,
        "rank": picked.rank,
        "time": batch.queried_at.isoformat(),
        "reason": picked.reason,
        "score": picked.score,
        "strategy": queried.strategy,
        "seed": queried.seed,
        "shortlist": plain(queried.shortlist) if queried.shortlist and picked.reason == "uncertain" else None,
        "model": queried.model,
        "attempt": queried.attempt,
        "predicted": list(listed.show(picked.predicted)),
        "probability": picked.probability,
        "suggested": picked.suggested,
        "texts": len(queried.items),
        "done": batch.done,
        "revisions": len(batch.revisions),
        "votes": [
            {
                "annotator": vote.username,
                "status": vote.status,
                "labels": list(listed.show(vote.labels)),
                "time": vote.time.isoformat() if vote.time else None,
            }
            for vote in (answer.votes if answer else ())
        ],
        "labels": list(listed.show(verdict.labels)) if verdict else None,
        "discarded": verdict.discarded if verdict else None,
        "agreement": verdict.agreement if verdict else None,
        **({} if picked.probabilities is UNSAID else {"probabilities": list(picked.probabilities)}),
    }


def _learned_by(trained: "Trained", learned: Container[int], item: int) -> dict[str, Any]:
    return {
        "model": trained.latest.model,
        "attempt": trained.latest.attempt,
        "labels": trained.latest.labels,
        "learned_it": item in learned,
    }
