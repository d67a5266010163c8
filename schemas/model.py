"""The base of every event's data: frozen, strict to write, tolerant to read."""

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema, from_json, to_json


class Model(BaseModel):
    """A frozen value. Made in code, unknown fields are errors; `read` ignores them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Read = TypeVar("Read", bound=Model)


def read(model: type[Read], data: bytes) -> Read:
    """The value that JSON holds, less the fields at any depth that this version does not know.

    Raises pydantic's ValidationError.
    """
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        unknown = [found["loc"] for found in error.errors() if found["type"] == "extra_forbidden"]
        if not unknown:
            raise
    content = from_json(data)
    for *path, field in unknown:
        holder = content
        for part in path:
            holder = holder[part]
        del holder[field]
    return model.model_validate_json(to_json(content))


@dataclass(frozen=True)
class OneOf:
    """Marks a string that code takes from `values`; in JSON it may be any, so that values can be added."""

    values: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # Without a call of Python for each value, which would double the time to read an event.
        return core_schema.json_or_python_schema(
            json_schema=handler(source), python_schema=core_schema.literal_schema(list(self.values))
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "examples": list(self.values)}
