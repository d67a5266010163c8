"""Types of event fields. They are equally strict in Python and in JSON."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, NoReturn, TypeVar, get_args

import msgspec
from annotated_types import Ge, Le
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

LEAST, MOST = -(2**63), 2**64 - 1
"""Integers that fit into 64 bits, signed or unsigned, because MessagePack has no others."""

RFC3339 = r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})?$".replace(r"\d", "[0-9]")

Key = TypeVar("Key")
Value = TypeVar("Value")


def _refuse(self: Any, *_: Any, **__: Any) -> NoReturn:
    raise TypeError("what an event says cannot be changed: make a changed copy of it")


class Frozen(dict[Key, Value]):
    """A dictionary that cannot be changed. A copy is an ordinary dictionary."""

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> Any:
        return dict, (dict(self),)

    def __deepcopy__(self, _: Any) -> "Frozen[Key, Value]":
        return self

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.dict_schema())


class _FrozenList(list[Value]):
    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = clear = extend = insert = _refuse
    pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> Any:
        return list, (list(self),)

    def __deepcopy__(self, _: Any) -> "_FrozenList[Value]":
        return self


class _Freeze:
    """Converts a mapping to a Frozen."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        key, value = get_args(source)
        plain = core_schema.dict_schema(handler.generate_schema(key), handler.generate_schema(value))
        return core_schema.no_info_after_validator_function(Frozen, plain)


class _Rfc3339:
    """Reads RFC 3339 times, with or without an offset, truncated to microseconds."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        in_json = core_schema.custom_error_schema(
            core_schema.chain_schema(
                [core_schema.str_schema(pattern=RFC3339), core_schema.datetime_schema(strict=False)]
            ),
            custom_error_type="rfc3339",
            custom_error_message="Input should be a time as RFC 3339 writes it",
        )
        return core_schema.json_or_python_schema(in_json, core_schema.datetime_schema())

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "date-time"}


def frozen(value: Any) -> Any:
    """A JSON value that cannot be changed, at any depth."""
    if isinstance(value, dict):
        return Frozen({key: frozen(each) for key, each in value.items()})
    return _FrozenList(map(frozen, value)) if isinstance(value, list) else value


def _frozen_json(value: Any) -> Any:
    strange = ", ".join(map(repr, _strange(value)))
    if strange:
        raise PydanticCustomError(
            "json", "Input should hold only what JSON can, and holds {strange}", {"strange": strange}
        )
    return frozen(value)


def _strange(value: Any) -> Iterator[Any]:
    """The values that JSON cannot represent, at any depth."""
    if isinstance(value, dict):
        yield from (key for key in value if type(key) is not str)
        for each in value.values():
            yield from _strange(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strange(each)
    elif not _is_json(value):
        yield value


def _is_json(value: Any) -> bool:
    if type(value) is int:
        return LEAST <= value <= MOST
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (str, bool)


class _FreezeJson:
    """Converts a mapping of JSON values to a Frozen."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        plain = core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
        return core_schema.no_info_after_validator_function(_frozen_json, plain)


@dataclass(frozen=True)
class OneOf:
    """Marks a string that code takes from `values`. In JSON it may be any string, so values can be added."""

    values: tuple[str, ...]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"examples": list(self.values), **handler(schema)}


# pydantic 2.9 mixes up the defaults of fields that share a Field(), so shared marks do without it.
Integer = Annotated[int, Ge(LEAST), Le(MOST)]
Count = Annotated[int, Ge(0), Le(MOST)]
Positive = Annotated[int, Ge(1), Le(MOST)]
Seconds = Annotated[float, Ge(0)]
Share = Annotated[float, Ge(0), Le(1)]
Time = Annotated[datetime, _Rfc3339()]
Frozenly = Annotated[Mapping[Key, Value], _Freeze()]
Parameters = Annotated[Mapping[str, Any], _FreezeJson()]
EMPTY: Frozen[str, Any] = Frozen()
UNSAID: Any = msgspec.UNSET
"""The default of a field that most projects never need: it is false, and is not written."""
Seldom = Annotated[Value, PlainSerializer(lambda value: None if value is UNSAID else value)]
"""Such a field, which other writers than ours write as `without_unsaid` says."""
