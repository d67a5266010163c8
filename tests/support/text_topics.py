"""A topic of other programs on a real Kafka, with texts in it."""

import asyncio
import json
import secrets
from collections.abc import Coroutine, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.structs import TopicPartition

Value = dict[str, Any] | str | bytes | None


class TextTopic:
    """Made by `create`; every method returns when Kafka has done it."""

    def __init__(self, servers: str, name: str | None = None) -> None:
        self.servers = servers
        self.name = name or f"mail.{secrets.token_hex(4)}"

    @property
    def address(self) -> str:
        return f"kafka://{self.servers}/{self.name}"

    def create(self, partitions: int = 1) -> None:
        self._admin(lambda admin: admin.create_topics([NewTopic(self.name, partitions, 1)]))
        self._until(lambda names: self.name in names)

    def delete(self) -> None:
        self._admin(lambda admin: admin.delete_topics([self.name]))
        self._until(lambda names: self.name not in names)

    def grow_to(self, partitions: int) -> None:
        self._admin(lambda admin: admin.create_partitions({self.name: NewPartitions(partitions)}))

    def forget(self, before: int, partition: int = 0) -> None:
        """Delete the records before this offset, as retention does."""
        place = TopicPartition(self.name, partition)
        self._admin(lambda admin: admin.delete_records({place: RecordsToDelete(before)}))

    def put(self, *values: Value, partition: int = 0) -> None:
        """Write messages: objects as JSON, texts in UTF-8, None as a tombstone."""

        async def put() -> None:
            async with AIOKafkaProducer(bootstrap_servers=self.servers) as producer:
                sent = [
                    await producer.send(self.name, _bytes(each), key=b"key", partition=partition)
                    for each in values
                ]
                await asyncio.gather(*sent)

        asyncio.run(put())

    def put_and_abort(self, *values: Value, partition: int = 0) -> None:
        """Write messages in a transaction that fails."""

        async def put() -> None:
            id = secrets.token_hex(4)
            async with AIOKafkaProducer(bootstrap_servers=self.servers, transactional_id=id) as producer:
                await producer.begin_transaction()
                for each in values:
                    await producer.send_and_wait(self.name, _bytes(each), partition=partition)
                await producer.abort_transaction()

        asyncio.run(put())

    def _admin(self, ask: Any) -> Any:
        async def asked() -> Any:
            admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
            await admin.start()
            try:
                return await _awaited(ask(admin))
            finally:
                await admin.close()

        return asyncio.run(asked())

    def _until(self, holds: Any) -> None:
        async def until(admin: AIOKafkaAdminClient) -> None:
            while not holds(await admin.list_topics()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

        self._admin(until)


async def _awaited(work: Coroutine[Any, Any, Any]) -> Any:
    return await work


def texts_of(values: Sequence[dict[str, Any]]) -> list[str]:
    return [str(value["text"]) for value in values]


def _bytes(value: Value) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()
