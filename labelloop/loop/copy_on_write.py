"""Mappings that a fold extends in place unless they are shared."""

from collections.abc import Mapping
from typing import Any, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class CopyOnWriteDict(dict[Key, Value]):
    """A mapping that is no longer changed once it is `shared`."""

    shared = False


def share(mapping: Mapping[Any, Any]) -> None:
    """Mark the mapping as shared, so that it is never changed again."""
    if isinstance(mapping, CopyOnWriteDict):
        mapping.shared = True


def with_value(mapping: Mapping[Key, Value], key: Key, value: Value) -> Mapping[Key, Value]:
    """The mapping with a value set: the same mapping, or a copy if it is shared."""
    if not isinstance(mapping, CopyOnWriteDict) or mapping.shared:
        mapping = CopyOnWriteDict(mapping)
    mapping[key] = value
    return mapping
