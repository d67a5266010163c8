"""How a group shares partitions out: evenly, and each stays where it is as far as that goes."""

import time
from typing import Any

from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor


def sticky_assignor() -> type[StickyPartitionAssignor]:
    """A sticky assignor for one consumer: aiokafka's keeps what it remembers in the class.

    Of two members that claim a partition, the one that was given it later keeps it: the other was frozen
    or cut off. A wrong clock costs a move of partitions; it is the fencing that keeps the log right.
    """

    class Sticky(StickyPartitionAssignor):  # type: ignore[misc]
        @classmethod
        def on_assignment(cls, assignment: Any) -> None:
            super().on_assignment(assignment)
            cls.generation = int(time.time())

    return Sticky
