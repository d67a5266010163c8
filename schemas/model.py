"""The base of every event's data: frozen, strict to write, tolerant to read."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, WithJsonSchema, model_validator

READING: dict[str, bool] = {"reading": True}


def is_reading(info: ValidationInfo) -> bool:
    return bool(info.context and info.context.get("reading"))


class Model(BaseModel):
    """A frozen value. Made in code, unknown fields are errors; read from a log, they are ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _ignore_unknown_when_reading(cls, values: Any, info: ValidationInfo) -> Any:
        if is_reading(info) and isinstance(values, Mapping):
            return {name: value for name, value in values.items() if name in cls.model_fields}
        return values


def one_of(*values: str) -> Any:
    """A string that a writer takes from `values`; a reader accepts any, so that values can be added later."""

    def check(value: str, info: ValidationInfo) -> str:
        if value not in values and not is_reading(info):
            raise ValueError(f"{value!r} is none of {', '.join(values)}")
        return value

    return Annotated[str, AfterValidator(check), WithJsonSchema({"type": "string", "examples": list(values)})]
