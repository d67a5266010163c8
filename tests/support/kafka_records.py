"""Records that no labelloop wrote, put into its topic on a real Kafka."""

import asyncio

from aiokafka import AIOKafkaProducer

from labelloop.log.kafka import read_settings
from labelloop.log.kafka.records import key, to_headers
from labelloop.log.kafka.topics import LARGEST_EVENT
from schemas.envelope import Event

Headers = list[tuple[str, bytes]]


def put_record(url: str, project: str, value: bytes, headers: Headers) -> None:
    """Write a record where the project's are."""

    async def put() -> None:
        settings = read_settings(url, {})
        servers = list(settings.servers)
        async with AIOKafkaProducer(bootstrap_servers=servers, max_request_size=LARGEST_EVENT) as producer:
            await producer.send_and_wait(settings.topic, value, key=key(project), headers=headers)

    asyncio.run(put())


def put_event(url: str, event: Event) -> None:
    """Write an event, whatever it says."""
    put_record(url, event.project, event.data, to_headers(event))
