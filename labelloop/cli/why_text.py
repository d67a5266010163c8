"""What `labelloop why` prints for people."""

from collections.abc import Iterator, Mapping
from typing import Any

REASONS = {
    "cold-start": "drawn by the seed, before a model could pick",
    "uncertain": "picked by the strategy",
    "audit": "drawn at random, as a check that no model chose",
    "relabel": "asked once more",
    "given": "it came with its label, before the project began",
}


def why_text(said: Mapping[str, Any]) -> str:
    return "\n".join(_lines(said))


def _lines(said: Mapping[str, Any]) -> Iterator[str]:
    yield f"text {said['item']}" + ("" if said["text"] is None else f"    {' '.join(said['text'].split())}")
    if not said["asked"]:
        yield "asked       never so far"
    for asked in said["asked"]:
        yield from _asked(asked)
    yield f"label       {', '.join(said['labels']) if said['labels'] else 'none'}"
    for model in said["models"]:
        yield _model(model)


def _asked(asked: Mapping[str, Any]) -> Iterator[str]:
    place = f"number {asked['rank'] + 1} of the {asked['texts']} of batch {asked['batch']}"
    yield f"asked       {asked['time']}, as {place}"
    yield f"because     {REASONS.get(asked['reason'], asked['reason'])}{_how(asked)}"
    if asked["model"] is not None:
        yield f"by          model {asked['model']}{_predicted(asked)}"
    for vote in asked["votes"]:
        label = f" {', '.join(vote['labels'])}" if vote["labels"] else ""
        yield f"answered    {vote['annotator']}: {vote['status']}{label}, {vote['time']}"
    if not asked["votes"]:
        yield "answered    by nobody" + ("" if asked["done"] else " so far")
    if asked["agreement"] is not None:
        yield f"agreement   {asked['agreement']:.2f}"


def _how(asked: Mapping[str, Any]) -> str:
    if asked["reason"] == "given":
        return ""
    strategy = "" if asked["strategy"] is None else f"strategy {asked['strategy']}, "
    score = "" if asked["score"] is None else f", score {asked['score']:.4f}"
    return f" ({strategy}seed {asked['seed']}{score})"


def _predicted(asked: Mapping[str, Any]) -> str:
    if not asked["predicted"]:
        return ""
    shown = "shown as a suggestion" if asked["suggested"] else "not shown"
    return f", which took it for {', '.join(asked['predicted'])} ({asked['probability']:.2f}; {shown})"


def _model(model: Mapping[str, Any]) -> str:
    learned = "has learned it" if model["learned_it"] else "has not learned it"
    if "predicted" not in model:
        predicts = ""
    elif model["predicted"] is None:
        predicts = ", is not kept"
    else:
        predicts = f", predicts {model['predicted']} ({model['probability']:.2f})"
    return f"model {model['model']:<6}{model['labels']} labels, {learned}{predicts}"
