"""The base of every event's data: frozen, strict to write, tolerant to read."""

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeVar, dataclass_transform, get_type_hints

import msgspec
from msgspec.json import Decoder, Encoder

_encoder = Encoder()


class Invalid(ValueError):
    """A value that must not be written, or bytes that hold no value of the kind."""


class _KeywordsOnly(msgspec.StructMeta):
    """Makes a default what msgspec does not let subclasses inherit: fields by their names, in any order."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        return super().__new__(cls, name, bases, namespace, **{"kw_only": True, **config})


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Model(msgspec.Struct, metaclass=_KeywordsOnly, frozen=True, gc=False):
    """A frozen value. What JSON has beside its fields is ignored."""


Read = TypeVar("Read", bound=Model)


def one_of(*values: str) -> msgspec.Meta:
    """Marks a string that code takes from `values`; in JSON it may be any, so that values can be added."""
    return msgspec.Meta(examples=list(values))


def read(model: type[Read], data: bytes) -> Read:
    """The value that JSON holds, less the fields at any depth that this version does not know.

    Raises Invalid.
    """
    try:
        found: Read = _decoder(model).decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(str(error)) from error
    return found


def write(value: Model) -> bytes:
    """The JSON that `read` makes into an equal value.

    Raises Invalid if there is none, as of a number that is not finite, or if a string is none of its values.
    """
    for name, found, values in _choices(value):
        if found not in values:
            raise Invalid(f"{name} should be one of {', '.join(values)}, and is {found!r}")
    try:
        content = _encoder.encode(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(f"it is no JSON: {error}") from error
    again = read(type(value), content)
    for name in value.__struct_fields__:
        if getattr(again, name) != getattr(value, name):
            raise Invalid(f"{name} would not be read as it is: a number is not finite, or a type wrong")
    return content


@cache
def _decoder(model: type[Read]) -> "Decoder[Read]":
    return Decoder(model)


def _choices(value: Any) -> Iterator[tuple[str, str, list[str]]]:
    """Each string in a value, at any depth, that is one of several: its name, itself, and what it may be."""
    if isinstance(value, Model):
        for name in value.__struct_fields__:
            found = getattr(value, name)
            if values := _values(type(value)).get(name):
                yield name, found, values
            yield from _choices(found)
    elif isinstance(value, tuple):
        for each in value:
            yield from _choices(each)


@cache
def _values(model: type[Model]) -> dict[str, list[str]]:
    """By the names of the fields that `one_of` marks."""
    return {
        name: meta.examples
        for name, hint in get_type_hints(model, include_extras=True).items()
        for meta in getattr(hint, "__metadata__", ())
        if isinstance(meta, msgspec.Meta) and meta.examples
    }
