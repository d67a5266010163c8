"""Mappings of a state that a fold extends in place as long as nobody else has them."""

from collections.abc import Mapping
from typing import Any, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class CopyOnWriteDict(dict[Key, Value]):
    """A mapping that is changed no more once it is `shared`."""

    shared = False


def share(mapping: Mapping[Any, Any]) -> None:
    """Somebody else has the mapping now: it stays as it is."""
    if isinstance(mapping, CopyOnWriteDict):
        mapping.shared = True


def with_value(mapping: Mapping[Key, Value], key: Key, value: Value) -> Mapping[Key, Value]:
    """The mapping with one value more, or another one: itself unless it is shared."""
    if not isinstance(mapping, CopyOnWriteDict) or mapping.shared:
        mapping = CopyOnWriteDict(mapping)
    mapping[key] = value
    return mapping
