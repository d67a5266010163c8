"""A log's topic in the hands of an operator, who asks nothing of what was there."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient

from labelloop.log.kafka import KafkaLog, KafkaSettings
from labelloop.log.kafka.topics import has_topic, prepare
from labelloop.log.kafka.writer import Writer
from schemas.envelope import Event


async def delete_topic(settings: KafkaSettings) -> None:
    """Returns when no broker shows it any more."""
    admin = AIOKafkaAdminClient(bootstrap_servers=list(settings.servers))
    await admin.start()
    await admin.delete_topics([settings.topic])
    while settings.topic in await admin.list_topics():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await admin.close()


async def make_topic(settings: KafkaSettings, *events: Event) -> None:
    """A topic with these events."""
    await prepare(settings, settings.topic, settings.partitions)
    while not await has_topic(settings):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    writer = Writer(settings)
    for event in events:
        await writer.write(KafkaLog(settings).partition_of(event.project), [event])
    await writer.close()
