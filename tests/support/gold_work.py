"""A project of a loop that a person labels by the gold labels of its texts, batch by batch."""

from typing import Any

from labelloop.loop.labels import current
from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState
from tests.support.loop import Loop, texts
from tests.support.people import Owner, Person


class GoldWork:
    """So many batches of so many texts, in a project of its own."""

    def __init__(
        self, loop: Loop, person: Person, batches: int, size: int, project: str | None = None, **settings: Any
    ) -> None:
        self.rows = texts(batches * size)
        self.batches = [str(number) for number in range(batches)]
        settings = {"batch_size": size, "max_batches": batches} | settings
        self.project = loop.create(self.rows, project=project, **settings)
        self._loop = loop
        self._person = person
        self._size = size
        self._owner = Owner(loop.argilla, self.project)

    @property
    def state(self) -> LoopState:
        return self._loop.state(self.project)

    def wait_for(self, batch: int) -> None:
        """Until the batch can be labelled."""
        self._loop.until(lambda: len(self._owner.records(batch)) == self._size)

    def label(self, batch: int) -> None:
        """Label the batch as soon as it is there."""
        self.wait_for(batch)
        records = self._owner.records(batch)
        self._person.answer_all({record["id"]: str(self.rows[item][1]) for item, record in records.items()})

    def is_complete(self) -> bool:
        """Whether each batch is done and learned, and each text has its gold label."""
        state = self.state
        gold = {item: (label,) for item, (_, label) in enumerate(self.rows)}
        in_order = list(state.batches) == list(state.models) == self.batches
        return finished(state) and in_order and current(state) == gold
