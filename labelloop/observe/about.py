"""Which batch, model and event something is about: the keys by which a batch is followed through the logs."""

from typing import Any

from schemas.envelope import Event


def about_project(project: str) -> dict[str, Any]:
    return {"project": project, "correlation_id": project}


def about_work(work: object) -> dict[str, Any]:
    """The batch and the model of what is due, and the event that made it due; None for what it has not."""
    return {
        "batch": _batch(work),
        "model": _model(work),
        "causation_id": getattr(work, "cause", None),
    }


def about_event(event: Event) -> dict[str, Any]:
    """The event, its project, batch and model; None for what it has not. It must be of a known type."""
    return {
        "project": event.project,
        "batch": _batch(event.payload),
        "model": _model(event.payload),
        "event_id": event.id,
        "event_type": event.name,
        "correlation_id": event.attributes["correlationid"],
        "causation_id": event.cause,
    }


def _batch(thing: object) -> str | None:
    """Its batch; for a model the batch that it is the first to learn, which has its number."""
    batch: str | None = getattr(thing, "batch", None)
    model = _model(thing)
    if batch is None and model is not None and model.isdecimal():
        return model
    return batch


def _model(thing: object) -> str | None:
    """Its model; a project's is the pretrained one that all of its models begin with."""
    model = getattr(thing, "model", None)
    return model if isinstance(model, str) else None
