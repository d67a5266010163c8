"""Small states of a loop, made from the events that lead there."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from labelloop.loop.history import History
from labelloop.loop.state import LoopState
from labelloop.projects.catalog import created
from schemas import events as e
from schemas.envelope import new_event
from schemas.fields import UNSAID
from schemas.parts import (
    MULTI_LABEL,
    AnnotatedItem,
    BaseModelChoice,
    Choice,
    ItemVotes,
    QueriedItem,
    Snapshot,
    SuggestedItem,
    Vote,
)

PROJECT = "mail-5e1f"
LABELS = ("spam", "ham", "news")
START = datetime(2026, 1, 1, tzinfo=UTC)


def project(**changes: Any) -> e.ProjectCreated:
    """A project with three labels and a pool of 40 texts."""
    settings: dict[str, Any] = {
        "name": "mail",
        "labels": LABELS,
        "pool": Snapshot(uri=f"{PROJECT}/pool/x.arrow", digest="d", size=40),
        "batch_size": 3,
        "classifier": Choice(name="linear"),
        "strategy": Choice(name="breaking-ties"),
        "model": BaseModelChoice(name="all-MiniLM-L6-v2"),
    }
    kinds = (e.ProjectCreated, e.ProjectCreatedV3, e.ProjectCreatedV4)
    kind = next(kind for kind in kinds if changes.keys() <= kind.model_fields.keys())
    if changes.get("task") == MULTI_LABEL:
        kind = e.ProjectCreatedV5
    return kind(**{**settings, **changes})


def state_of(*facts: e.EventData, id: str = PROJECT) -> LoopState:
    """The state after these events, a minute apart; each must fit."""
    return created(history_of(*facts, id=id))


def history_of(*facts: e.EventData, id: str = PROJECT) -> History:
    """The history of these events, a minute apart; each must fit."""
    history = History(id)
    for minute, data in enumerate(facts):
        event = new_event(id, data, source="tests", time=START + timedelta(minutes=minute))
        assert history.add(event), history.halt
    return history


def queried(batch: str = "0", items: Iterable[int] = (0, 1, 2), **changes: Any) -> e.BatchQueried:
    """A batch; a cold start unless `model` is given."""
    reason = "uncertain" if changes.get("model") else "cold-start"
    picked = tuple(QueriedItem(item=item, rank=rank, reason=reason) for rank, item in enumerate(items))
    values: dict[str, Any] = {"batch": batch, "items": picked, "seed": 0, "pool_version": "d", "seconds": 0}
    return e.BatchQueried(**{**values, **changes})


def vote(username: str, label: str | None = None, status: str | None = None, **changes: Any) -> Vote:
    """Submitted with a label, else discarded, unless `status` says otherwise; the user's id is `u-NAME`."""
    status = status or ("submitted" if label else "discarded")
    labels = (label,) if label else ()
    return Vote(
        **{"username": username, "user": f"u-{username}", "status": status, "labels": labels} | changes
    )


def chosen(username: str, *labels: str) -> Vote:
    """Submitted with any of several labels, or with none of them."""
    return Vote(username=username, user=f"u-{username}", status="submitted", labels=labels)


def of_several(item: int, *labels: str) -> AnnotatedItem:
    """What it came to that ann chose these of several labels."""
    return AnnotatedItem(
        item=item,
        record=f"r-{item}",
        votes=(chosen("ann", *labels),),
        labels=labels,
        none=not labels or UNSAID,
    )


def machine(label: str) -> Vote:
    """The vote of a language model."""
    return Vote(username="llm tiny", status="machine", labels=(label,))


def suggester(
    name: str = "llm", first: int = 0, *, votes: bool = False, **parameters: Any
) -> e.SuggesterChosen:
    """Another suggester than the model, from batch `first` on."""
    kind = e.SuggesterChosenV2 if votes else e.SuggesterChosen
    choice = Choice(name=name, parameters=parameters)
    return kind(request=f"{name}-{first}", who="olga", from_batch=first, suggester=choice)


def suggestions(
    batch: str = "0", number: int = 0, cost: float = 0.0, **labels: str | None
) -> e.SuggestionsMade:
    """What a language model says of the texts `item_0`, `item_1` …; None: nothing."""
    said = {int(name.removeprefix("item_")): label for name, label in labels.items()}
    items = tuple(
        SuggestedItem(item=item, labels=(label,)) if label else SuggestedItem(item=item, abstained="unclear")
        for item, label in said.items()
    )
    return e.SuggestionsMade(
        batch=batch, number=number, suggester="llm", llm="tiny", items=items, cost=cost, seconds=1
    )


def votes(item: int, *given_votes: Vote, record: str | None = "") -> ItemVotes:
    """The votes on an item, seen on the record `r-ITEM` unless another is given."""
    return ItemVotes(item=item, record=f"r-{item}" if record == "" else record, votes=given_votes)


def recorded(*items: ItemVotes, batch: str = "0", number: int = 0) -> e.ResponsesRecorded:
    return e.ResponsesRecorded(batch=batch, number=number, items=items)


def annotated(*items: AnnotatedItem, batch: str = "0", revision: int = 0) -> e.BatchAnnotated:
    return e.BatchAnnotated(batch=batch, revision=revision, items=items)


def answered(
    item: int, *given_votes: Vote, labels: tuple[str, ...] = (), discarded: bool = False
) -> AnnotatedItem:
    """What the votes came to: the first vote's labels unless told."""
    labels = labels or (given_votes[0].labels if given_votes and not discarded else ())
    return AnnotatedItem(item=item, record=f"r-{item}", votes=given_votes, labels=labels, discarded=discarded)


def all_answered(batch: str = "0", items: Iterable[int] = (0, 1, 2), revision: int = 0) -> e.BatchAnnotated:
    """Ann labelled each item, the labels in turn."""
    items_answered = [answered(item, vote("ann", LABELS[item % len(LABELS)])) for item in items]
    return annotated(*items_answered, batch=batch, revision=revision)


def trained(model: str, learned: dict[str, int], attempt: int = 0) -> e.ModelTrained:
    return e.ModelTrained(
        model=model,
        attempt=attempt,
        learned=learned,
        digest="",
        labels=3,
        artifact=f"{PROJECT}/models/{model}/{attempt}",
        sha256=f"{model}-{attempt}",
        seconds=1,
        device="cpu",
        threads=1,
        seed=0,
    )


def audited(model: str, **changes: Any) -> e.AuditEstimated:
    values: dict[str, Any] = {
        "model": model,
        "attempt": 0,
        "labels": 3,
        "accuracy": 0.75,
        "low": 0.5,
        "high": 0.875,
        "audited": 8,
        "known": 3,
        "batches": ("1",),
        "seconds": 1,
    }
    return e.AuditEstimated(**{**values, **changes})


def recorded_predictions(model: str, **changes: Any) -> e.PredictionsRecorded:
    """What a model says of ten texts of a test set and of twenty of the pool."""
    values: dict[str, Any] = {
        "model": model,
        "attempt": 0,
        "uri": f"{PROJECT}/predictions/{model}.parquet",
        "sha256": f"said-by-{model}",
        "tested": 10,
        "drawn": 20,
        "test_version": "d",
        "pool_version": "d",
        "seconds": 1,
    }
    return e.PredictionsRecorded(**{**values, **changes})


def checked(model: str, stop: bool = False, value: float | None = 0.9) -> e.StoppingChecked:
    return e.StoppingChecked(
        model=model,
        attempt=0,
        labels=3,
        criterion="KappaAverage",
        value=value,
        stop=stop,
        predicted=(0, 1),
        seconds=1,
    )


def advised(model: str) -> e.StoppingAdvised:
    """What follows from a check that says so."""
    return e.StoppingAdvised(model=model, attempt=0, labels=3, criterion="KappaAverage", value=0.9)


def evaluated(model: str, labels: int = 3, accuracy: float = 0.5) -> e.ModelEvaluated:
    """A model on the test set; macro-F1 is half of the accuracy."""
    return e.ModelEvaluated(
        model=model,
        attempt=0,
        labels=labels,
        accuracy=accuracy,
        macro_f1=accuracy / 2,
        classes=LABELS,
        per_class={},
        confusion=(),
        size=10,
        test_version="d",
        seconds=1,
    )
