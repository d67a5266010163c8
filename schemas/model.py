"""The base of events and of their parts: frozen, strict when writing, tolerant when reading."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform, get_args

import msgspec
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)
from pydantic.dataclasses import dataclass, is_pydantic_dataclass
from pydantic.fields import FieldInfo
from pydantic_core import from_json

from schemas.fields import UNSAID, OneOf

Value = TypeVar("Value")
Read = TypeVar("Read", bound="Model")

CONFIG = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore")
BEGINNING = "Input should "
ABOUT_ALL = "it"

Fact = str | int


class Invalid(ValueError):
    """A value that must not be written, or bytes that are not a valid value of the type."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
class Model(BaseModel, frozen=True):
    """A frozen value, checked when it is made. What JSON has beside its fields is ignored."""

    model_config = ConfigDict(**CONFIG, defer_build=True)

    def __init__(self, **values: Any) -> None:
        __tracebackhide__ = True
        _make(type(self), super().__init__, values)

    # Without it pydantic would call `__init__` for each value that it reads.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A changed copy, which is validated, unlike in pydantic. `deep` has no effect on frozen values."""
        return replaced(self, **(update or {}))


class EventData(Model):
    """What an event says. `mustunderstand`: skipping it would change the state of the loop."""

    version: ClassVar[int] = 1
    mustunderstand: ClassVar[bool] = True

    @classmethod
    def type_name(cls) -> str:
        return f"labelloop.{cls.__name__}.v{cls.version}"

    def identity(self) -> tuple[Fact, ...]:
        raise NotImplementedError


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
def part(kind: type[Value]) -> type[Value]:
    """Make a class a pydantic dataclass with slots, as strict as a Model.

    It needs a seventh of a Model's memory, for values of which a state has hundreds of thousands.
    """
    as_dataclass: Any = dataclass(frozen=True, slots=True, kw_only=True, config=CONFIG)(kind)
    init = as_dataclass.__init__

    def __init__(self: Any, **values: Any) -> None:
        __tracebackhide__ = True
        _make(as_dataclass, init.__get__(self), values)

    as_dataclass.__init__ = __init__
    part_type: type[Value] = as_dataclass
    return part_type


def replaced(value: Value, **changes: Any) -> Value:
    """A copy of a Model or a part with some fields replaced, validated like a new one. Raises Invalid."""
    kind: Any = type(value)
    copy: Value = kind(**{**{name: getattr(value, name) for name in fields(kind)}, **changes})
    return copy


def read(model: type[Read], data: bytes) -> Read:
    """Read a value from JSON. Unknown fields are ignored at any depth.

    Raises Invalid.
    """
    try:
        if b"NaN" in data or b"Infinity" in data:
            from_json(data, allow_inf_nan=False)  # pydantic takes them in fields that it does not know
        return model.model_validate_json(data)
    except ValidationError as error:
        raise Invalid(_sentence(error)) from error
    except ValueError as error:
        raise Invalid(f"it is no JSON: {error}") from error


def write(value: Model) -> bytes:
    """Write a value as JSON, from which `read` makes an equal value.

    Raises Invalid if that is impossible, or if a string is not one of its allowed values.
    """
    strange = [
        f"{name} should be one of {', '.join(values)}, and is {string!r}"
        for name, string, values in _choices(value)
        if string not in values
    ]
    if strange:
        raise Invalid("; ".join(strange))
    try:
        content = _encoder.encode(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(f"it is no JSON: {error}") from error
    reread = read(type(value), content)
    for name in fields(type(value)):
        if getattr(reread, name) != getattr(value, name):
            raise Invalid(f"{name} would not be read as it is")
    return content


def plain(value: Any) -> Mapping[str, Any]:
    """The fields of a Model, for msgspec, which writes a float as 0.00005 where pydantic writes 5e-5."""
    if isinstance(value, Model):
        values = value.__dict__
        return (
            values
            if not unsaid(type(value))
            else {name: each for name, each in values.items() if each is not UNSAID}
        )
    raise TypeError(f"{type(value).__name__} is nothing that an event holds")


_encoder = msgspec.json.Encoder(enc_hook=plain)


@cache
def fields(kind: Any) -> Mapping[str, FieldInfo]:
    """The fields of a Model or a part by name."""
    by_name: Mapping[str, FieldInfo] = (
        kind.model_fields if issubclass(kind, Model) else kind.__pydantic_fields__
    )
    return by_name


@model_serializer(mode="wrap")
def without_unsaid(self: Any, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
    """Leaves fields out that say nothing. A class with such fields has this as an attribute."""
    kind: Any = type(self)
    seldom = unsaid(kind)
    return {name: value for name, value in written(self).items() if name not in seldom or value is not None}


@cache
def unsaid(kind: Any) -> frozenset[str]:
    """The fields of a Model or a part that are not written unless they say something."""
    return frozenset(name for name, field in fields(kind).items() if field.default is UNSAID)


def _make(kind: type, init: Callable[..., None], values: Mapping[str, Any]) -> None:
    """Fill a new value. Raises TypeError for an unknown field, and Invalid."""
    __tracebackhide__ = True
    unknown = values.keys() - fields(kind).keys()
    if unknown:
        raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
    try:
        init(**{name: value for name, value in values.items() if value is not UNSAID})
    except ValidationError as error:
        raise Invalid(f"{kind.__name__}: {_sentence(error)}") from error


def _choices(value: Any) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each string with a fixed set of values, at any depth: its name, itself, and the allowed values."""
    if isinstance(value, tuple):
        for each in value:
            yield from _choices(each)
    elif value is not None and value is not UNSAID:
        kind: Any = type(value)
        choices, others = _places_of_choices(kind)
        for name, values in choices:
            if (string := getattr(value, name)) is not None and string is not UNSAID:
                yield name, string, values
        for name in others:
            yield from _choices(getattr(value, name))


@cache
def _places_of_choices(kind: Any) -> tuple[list[tuple[str, tuple[str, ...]]], list[str]]:
    """The fields of a class that `OneOf` marks, with their values, and fields that contain such fields."""
    choices, others = [], []
    for name, field in fields(kind).items():
        inside = [*field.metadata, *_inside(field.annotation)]
        if marked := [each for each in inside if isinstance(each, OneOf)]:
            choices.append((name, marked[0].values))
        elif any(map(_has_choices, inside)):
            others.append(name)
    return choices, others


def _has_choices(kind: Any) -> bool:
    is_ours = isinstance(kind, type) and (issubclass(kind, Model) or is_pydantic_dataclass(kind))
    return is_ours and any(map(bool, _places_of_choices(kind)))


def _inside(hint: Any) -> Iterator[Any]:
    """A type, its parts and their annotations."""
    yield hint
    for each in get_args(hint):
        yield from _inside(each)


def _sentence(error: ValidationError) -> str:
    """A sentence with every place where the value is wrong, and why."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    reasons = [_reason(_path(each["loc"]), each["type"], each["msg"]) for each in errors]
    *others, last = dict.fromkeys(reasons)
    return f"{', '.join(others)}, and {last}" if others else last


def _path(places: tuple[int | str, ...]) -> str:
    path = "".join(f"[{place}]" if isinstance(place, int) else f".{place}" for place in places)
    return path.removeprefix(".")


def _reason(path: str, kind: str, message: str) -> str:
    if kind == "json_invalid":
        return message.replace("Invalid JSON", "it is no JSON", 1)
    if kind.startswith("missing"):
        return f"{path} is missing"
    if message.startswith(BEGINNING):
        return f"{path or ABOUT_ALL} should {message.removeprefix(BEGINNING)}"
    return f"{path or ABOUT_ALL}: {message}"
