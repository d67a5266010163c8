"""The names of fields and metadata in Argilla that stand for the columns of a project. Pure.

Search engines and addresses take few characters, so a column's own name is only a title. A name depends on
all columns and their order, and stays the same for ever.
"""

import re
from collections.abc import Collection, Iterable

RESERVED = frozenset({"batch", "rank", "item", "reason", "model", "escaped", "restored"})
"""Metadata that labelloop itself writes. What is added has a dash, which no column's name has."""
LONGEST = 60
_OTHERS = re.compile("[^a-z0-9]+")


def field_names(columns: Iterable[str]) -> dict[str, str]:
    """The field of each column."""
    return _names(columns, ())


def metadata_names(columns: Iterable[str]) -> dict[str, str]:
    """The metadata of each column."""
    return _names(columns, RESERVED)


def title(column: str) -> str:
    """What people see in place of the name."""
    shown = " ".join(column.split())
    return (shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…") or "-"


def _names(columns: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for column in columns:
        base = name = _OTHERS.sub("_", column.lower()).strip("_")[:LONGEST] or "column"
        count = 1
        while name in taken or name in names.values():
            count += 1
            name = f"{base}_{count}"
        names[column] = name
    return names
