"""Find a consumer by name: an entry point of an installed package, or `module:Class`."""

import inspect
import re
from collections.abc import Collection, Mapping
from typing import Any

from labelloop.config.settings import ALERTING, SERVICES
from labelloop.consumers.base import Consumer
from labelloop.errors import Unavailable, UserError, one_line
from labelloop.plugins import Declared, declared, imported, only
from labelloop.startup import search_working_folder
from labelloop.store import open_store
from schemas.events import EventData

ENTRY_POINTS = "labelloop.consumers"
STORE = "store"


def installed() -> dict[str, Declared]:
    """The installed consumers by name."""
    return {each.name: each for each in declared(ENTRY_POINTS)}


def find(named: str) -> type[Consumer[Any]]:
    """The class of a consumer. Raises UserError if there is none, or if it cannot be imported."""
    known = declared(ENTRY_POINTS)
    if own := [each for each in known if each.name == named]:
        target = only(own, ENTRY_POINTS).target
    elif re.fullmatch(r"[\w.]+:[\w.]+", named):
        target = named
        search_working_folder()
    else:
        there = (
            f"choose from {', '.join(each.name for each in known)}" if known else "no package provides one"
        )
        raise UserError(f"there is no consumer {named!r}: {there}; or give module:Class")
    kind = imported(target, named)
    if not (inspect.isclass(kind) and issubclass(kind, Consumer)):
        raise UserError(f"{named} is not a consumer: derive the class from labelloop.Consumer")
    if not _is_kinds(kind.events):
        raise UserError(
            f"{named} wants {kind.events!r}: give events as a tuple, for example (BatchAnnotated,)"
        )
    if inspect.isabstract(kind):
        raise UserError(f"{named} handles nothing: give it a method handle(self, event, state)")
    return kind


def make(
    named: str, kind: type[Consumer[Any]], options: Mapping[str, Any], store: str | None
) -> Consumer[Any]:
    """Create the consumer with its options, and the store if it needs one. Raises UserError."""
    parameters = inspect.signature(kind).parameters
    given = dict(options)
    if STORE in parameters and STORE not in given:
        if store is None:
            raise UserError(f"{named} needs the store: give --store, or set LABELLOOP_STORE")
        given[STORE] = open_store(store)
    try:
        inspect.signature(kind).bind(**given)
    except TypeError as error:
        takes = ", ".join(name for name in parameters if name != STORE) or "nothing"
        raise UserError(f"{named} takes {takes} with --set NAME=VALUE: {error}") from error
    try:
        return kind(**given)
    except (UserError, Unavailable):
        raise
    except Exception as error:
        raise UserError(f"{named} cannot be created: {_line(error)}") from error


def group_of(kind: type[Consumer[Any]], given: str | None, project: str | None) -> str:
    """The consumer's group. There is a separate group for a single project. Raises UserError."""
    return checked(given or ".".join(filter(None, (kind.name or kind.__name__, project))))


def checked(group: str) -> str:
    """Check a group's name. Raises UserError if it is invalid or a service's."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,150}", group):
        raise UserError(f"{group!r} is not a valid name of a group: use letters, digits, '.', '_' and '-'")
    if group in (*SERVICES, ALERTING):
        raise UserError(f"{group} is the name of a service: give another one with --group")
    return group


def _is_kinds(events: object) -> bool:
    kinds = events if isinstance(events, Collection) else (None,)
    return all(isinstance(kind, type) and issubclass(kind, EventData) for kind in kinds)


def _line(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}")
