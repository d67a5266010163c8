"""Log lines that can be followed: each carries what its task is about, readable or as JSON.

Modules log by the standard library's `logging`; keys of one line go into `extra`.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, merge_contextvars
from structlog.typing import Processor

__all__ = ["bind_contextvars", "bound_contextvars", "configure"]


def _known(logger: Any, name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Without the keys that what it is about has not."""
    return {key: value for key, value in line.items() if value is not None}


SHARED: list[Processor] = [
    merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _known,
]
SAID_BY_THE_FILE = ("service", "logger", "correlation_id")


def configure(json: bool) -> None:
    """Send every line of this process to stderr: as JSON objects, or as text with the keys behind it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_as_json() if json else _as_text()),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(json)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _as_json() -> list[Processor]:
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(),
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


def _shortened(logger: Any, name: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Without what a service's own log file says by its name, or `project` says already."""
    return {key: value for key, value in line.items() if key not in SAID_BY_THE_FILE}
