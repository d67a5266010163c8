"""Log lines that can be followed: each carries what its task is about, readable or as JSON.

Modules log by the standard library's `logging`; keys of one line go into `extra`.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, merge_contextvars
from structlog.typing import Processor

from labelloop.loop.names import number_of
from labelloop.observe.secrets import Hide, hiding
from schemas.envelope import Event

__all__ = ["bind_contextvars", "bound_contextvars", "configure"]
FIRST = ("timestamp", "level", "service", "message", "project", "batch", "model", "event_id", "event_type")
SAID_BY_THE_FILE = ("service", "logger", "correlation_id")


def configure(json: bool, hide: Hide | None = None) -> None:
    """Send every line of this process to stderr: as JSON objects, or as text with the keys behind it.

    What `hide` hides is in none of them: the secrets of the environment, unless told otherwise.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _known,
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_as_json() if json else _as_text()),
                _without_secrets(hide or hiding()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(json)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    sys.excepthook = _crashed


def _as_json() -> list[Processor]:
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        _in_order,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def _as_text() -> list[Processor]:
    # The default would show the values of variables, keys and passwords among them, under an error.
    plain = structlog.dev.plain_traceback
    return [
        _shortened,
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=0, pad_level=False, exception_formatter=plain
        ),
    ]


def _known(logger: Any, name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Without the keys that what it is about has not."""
    return {key: value for key, value in line.items() if value is not None}


def _in_order(logger: Any, name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """What people read first, first."""
    return {key: line[key] for key in FIRST if key in line} | dict(line)


def _shortened(logger: Any, name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Without what a service's own log file says by its name, or `project` says already."""
    return {key: value for key, value in line.items() if key not in SAID_BY_THE_FILE}


def _without_secrets(hide: Hide) -> Processor:
    return lambda logger, name, line: hide(str(line))


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("labelloop").critical("it ends by an error", exc_info=(kind, error, trace))


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
    if batch is None and model is not None and number_of(model) is not None:
        return model
    return batch


def _model(thing: object) -> str | None:
    """Its model; a project's is the pretrained one that all of its models begin with."""
    model = getattr(thing, "model", None)
    return model if isinstance(model, str) else None
