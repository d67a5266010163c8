"""Structured logging, as text or JSON, without secrets. Each line has the keys of the task that wrote it.

Modules log with the standard library's `logging`; the keys of a single line go into `extra`.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from types import TracebackType
from typing import Any

from labelloop.config.environment import ALL
from labelloop.loop.names import number_of
from labelloop.startup import importing_without
from schemas.envelope import Event

# It would take rich for colours, which no log has: an eighth of a service's start.
with importing_without("rich"):
    import structlog
    from structlog.contextvars import bind_contextvars, bound_contextvars, merge_contextvars
    from structlog.typing import Processor

__all__ = ["bind_contextvars", "bound_contextvars", "configure"]
FIRST = ("timestamp", "level", "service", "message", "project", "batch", "model", "event_id", "event_type")
SAID_BY_THE_FILE = ("service", "logger", "correlation_id")
Hide = Callable[[str], str]

HEADERS = "LABELLOOP_ARGILLA_HEADERS"
ALERT = "LABELLOOP_ALERT"
SECRET = re.compile(r"KEY|PASSWORD|SECRET|TOKEN|CREDENTIAL|AUTHORIZATION", re.IGNORECASE)
PLACE = re.compile(r"(FILE|PATH|URL|HOST)$", re.IGNORECASE)
IN_A_URL = re.compile(r"(?<=://)[^/@\s]+@")
SHORTEST = 6
HIDDEN = "***"


def configure(json: bool, hide: Hide | None = None) -> None:
    """Send all log lines of this process to stderr: as JSON objects, or as text followed by the keys.

    `hide` removes secrets from each line. The default hides the secrets in the environment.
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
                _with_values,
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
    # The default would show the values of variables in tracebacks, including keys and passwords.
    plain = structlog.dev.plain_traceback
    return [
        _shortened,
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=0, pad_level=False, exception_formatter=plain
        ),
    ]


def _with_values(logger: Any, name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Remove keys without a value."""
    return {key: value for key, value in line.items() if value is not None}


def _in_order(logger: Any, name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Sort the keys: those that people read first come first."""
    return {key: line[key] for key in FIRST if key in line} | dict(line)


def _shortened(logger: Any, name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Remove keys that repeat the log file's name or `project`."""
    return {key: value for key, value in line.items() if key not in SAID_BY_THE_FILE}


def _without_secrets(hide: Hide) -> Processor:
    return lambda logger, name, line: hide(str(line))


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("labelloop").critical(
        "the process ends because of an error", exc_info=(kind, error, trace)
    )


def about_project(project: str) -> dict[str, Any]:
    return {"project": project, "correlation_id": project}


def about_work(work: object) -> dict[str, Any]:
    """The batch, the model and the cause of a piece of work. None for what it does not have."""
    return {
        "batch": _batch(work),
        "model": _model(work),
        "causation_id": getattr(work, "cause", None),
    }


def about_event(event: Event) -> dict[str, Any]:
    """An event's id, project, batch and model. None for what it does not have. Its type must be known."""
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
    """The batch. For a model: the batch with its number, which it is the first to learn."""
    batch: str | None = getattr(thing, "batch", None)
    model = _model(thing)
    if batch is None and model is not None and number_of(model) is not None:
        return model
    return batch


def _model(thing: object) -> str | None:
    """The model. ProjectCreated's is the base model, which does not count."""
    model = getattr(thing, "model", None)
    return model if isinstance(model, str) else None


def hiding(environment: Mapping[str, str] = ALL) -> Hide:
    """A function that removes these settings' secrets, and credentials in URLs, from a text.

    Secrets of fewer than SHORTEST characters are not removed, because they may be ordinary words.
    """
    values = {value for value in _secrets(environment) if len(value) >= SHORTEST}
    written = {form for value in values for form in (value, json.dumps(value)[1:-1])}
    # The longest first, because one may be part of another.
    secrets = re.compile("|".join(map(re.escape, sorted(written, key=len, reverse=True))) or r"(?!)")

    def hide(text: str) -> str:
        return IN_A_URL.sub(f"{HIDDEN}@", secrets.sub(HIDDEN, text))

    return hide


def _secrets(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        content = _json(value)
        if name == ALERT:
            yield from value.split()
        elif isinstance(content, dict):
            yield from _values(content.items(), all_of_them=name == HEADERS)
        elif _is_secret(name):
            yield value.strip()


def _values(items: Iterable[tuple[Any, Any]], all_of_them: bool) -> Iterator[str]:
    for name, value in items:
        if isinstance(value, dict):
            yield from _values(value.items(), all_of_them)
        elif isinstance(value, str) and (all_of_them or _is_secret(str(name))):
            yield value
            yield value.rpartition(" ")[2]


def _is_secret(name: str) -> bool:
    return bool(SECRET.search(name)) and not PLACE.search(name)


def _json(value: str) -> Any:
    try:
        return json.loads(value) if value.startswith("{") else None
    except ValueError:
        return None
