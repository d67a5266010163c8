"""The base of every event's data: frozen, strict to write, tolerant to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

READING: dict[str, bool] = {"reading": True}


def is_reading(info: ValidationInfo) -> bool:
    return bool(info.context and info.context.get("reading"))


class Model(BaseModel):
    """A frozen value. Made in code, unknown fields are errors; read from a log, they are ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _ignore_unknown_when_reading(cls, values: Any, info: ValidationInfo) -> Any:
        if is_reading(info) and isinstance(values, Mapping):
            return {name: value for name, value in values.items() if name in cls.model_fields}
        return values


@dataclass(frozen=True)
class OneOf:
    """Marks a string that a writer takes from `values`; a reader accepts any, so that values can be added."""

    values: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "examples": list(self.values)}

    def _check(self, value: str, info: ValidationInfo) -> str:
        if value not in self.values and not is_reading(info):
            raise ValueError(f"{value!r} is none of {', '.join(self.values)}")
        return value
