"""What all events are."""

from typing import ClassVar

from schemas.model import Model

Fact = str | int


class EventData(Model):
    """What an event says. `mustunderstand`: skipping it would change the state of the loop."""

    version: ClassVar[int] = 1
    mustunderstand: ClassVar[bool] = True

    @classmethod
    def type_name(cls) -> str:
        return f"labelloop.{cls.__name__}.v{cls.version}"

    def identity(self) -> tuple[Fact, ...]:
        raise NotImplementedError
