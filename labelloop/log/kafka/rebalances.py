"""The partitions that the group assigns to this process, how they are assigned, and how far each was read."""

import asyncio
import time
from collections.abc import Collection
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from labelloop.log.base import LogLost


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """Listens to rebalances. A partition that is revoked and assigned again in one rebalance was never lost.

    `settled` is set while the assignment is known, `changes` until a new assignment was handled. A new
    partition is paused until `begin`.
    """

    def __init__(self, topic: str, consumer: AIOKafkaConsumer) -> None:
        self._topic = topic
        self._consumer = consumer
        self._positions: dict[int, int] = {}
        self.owned: set[int] = set()
        self.settled = asyncio.Event()
        self.changes = False

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self.settled.clear()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        now = {topic_partition.partition for topic_partition in assigned}
        self._positions = {partition: self._positions.get(partition, 0) for partition in now}
        for partition in now:
            if partition not in self.owned:
                self._consumer.pause(self._place(partition))
            self._consumer.seek(self._place(partition), self._positions[partition])
        self.changes = self.changes or now != self.owned
        self.owned = now
        self.settled.set()

    def seek(self, partition: int, offset: int) -> None:
        """Continue reading at an offset."""
        self._positions[partition] = offset
        if partition in self.owned:
            self._consumer.seek(self._place(partition), offset)

    def begin(self, partition: int) -> None:
        if partition in self.owned:
            self._consumer.resume(self._place(partition))

    def rewind(self, partitions: Collection[TopicPartition]) -> None:
        """Read again what was fetched from these partitions but not passed on."""
        for topic_partition in partitions:
            if topic_partition.partition in self.owned:
                self._consumer.seek(topic_partition, self._positions[topic_partition.partition])

    def passed(self, partition: int, offset: int) -> None:
        """Note that everything before the offset was passed on. Raises LogLost if that was so further on."""
        self.check(partition, offset)
        self._positions[partition] = offset

    def check(self, partition: int, offset: int) -> None:
        """Raises LogLost if the next offset, or the log's end, lies before what was passed on."""
        position = self._positions.get(partition, 0)
        if offset < position:
            raise LogLost(
                f"partition {partition} of {self._topic} was read up to offset {position - 1}, and now it "
                f"goes on from offset {offset}: the log was replaced or cut off, put it back"
            )

    def behind(self, partition: int, end: int) -> int:
        """How many offsets the last record passed on is behind `end`."""
        return max(0, end - self._positions.get(partition, 0))

    def _place(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic, partition)


def sticky_assignor() -> type[StickyPartitionAssignor]:
    """A sticky assignor for one consumer, because aiokafka's keeps its memory in the class.

    If two members claim a partition, the later assignment wins: the other member was frozen or cut off. A
    wrong clock only moves partitions needlessly; fencing keeps the log correct.
    """

    class Sticky(StickyPartitionAssignor):  # type: ignore[misc]
        @classmethod
        def on_assignment(cls, assignment: Any) -> None:
            super().on_assignment(assignment)
            cls.generation = int(time.time())

    return Sticky
