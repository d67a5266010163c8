"""Which events a consumer wants: by its attribute, or by its types."""

from typing import Any

import pytest

from labelloop.consumers.base import Consumer, wanted_events
from labelloop.loop.state import LoopState
from schemas.envelope import Event, new_event
from schemas.events import BatchAnnotated, EventData, ModelEvaluated
from tests.support.states import all_answered, project, state_of


class Everything(Consumer):
    def handle(self, event: Event, state: LoopState) -> None: ...


class Untyped(Consumer):
    def handle(self, event, state):  # type: ignore[no-untyped-def]
        ...


class ByAttribute(Consumer):
    events = (ModelEvaluated,)

    def handle(self, event: Event, state: LoopState) -> None: ...


class ByHandle(Consumer[BatchAnnotated]):
    def handle(self, event: Event[BatchAnnotated], state: LoopState) -> None:
        self.batch: str = event.payload.batch


class BySeveral(Consumer[BatchAnnotated | ModelEvaluated]):
    async def handle(self, event: Event[BatchAnnotated | ModelEvaluated], state: LoopState) -> None: ...


class ByBase(Consumer[BatchAnnotated]):
    def handle(self, event, state):  # type: ignore[no-untyped-def]
        ...


class Written(Consumer[BatchAnnotated]):
    def handle(self, event: "Event[BatchAnnotated]", state: "LoopState") -> None: ...


class Unknown(Consumer[BatchAnnotated]):
    def handle(self, event: "Event[Nowhere]", state: LoopState) -> None:  # type: ignore[name-defined]  # noqa: F821
        ...


class Derived(ByHandle):
    pass


class Both(Consumer[BatchAnnotated]):
    events = (BatchAnnotated, ModelEvaluated)

    def handle(self, event: Event[BatchAnnotated], state: LoopState) -> None: ...


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (Everything, ()),
        (Untyped, ()),
        (ByAttribute, (ModelEvaluated,)),
        (ByHandle, (BatchAnnotated,)),
        (BySeveral, (BatchAnnotated, ModelEvaluated)),
        (ByBase, (BatchAnnotated,)),
        (Written, (BatchAnnotated,)),
        (Unknown, (BatchAnnotated,)),
        (Derived, (BatchAnnotated,)),
        (Both, (BatchAnnotated, ModelEvaluated)),
    ],
)
def test_a_consumer_wants_what_it_says(
    kind: type[Consumer[Any]], wanted: tuple[type[EventData], ...]
) -> None:
    assert wanted_events(kind()) == wanted


def test_an_event_of_a_known_payload_is_an_event() -> None:
    event: Event[BatchAnnotated] = new_event("p", all_answered(), source="tests")  # type: ignore[assignment]
    consumer = ByHandle()

    consumer.handle(event, state_of(project()))

    assert consumer.batch == event.payload.batch == "0"
