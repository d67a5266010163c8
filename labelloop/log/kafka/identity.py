"""What tells a topic from every other, by whichever servers it is reached."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient

from labelloop.log.kafka.errors import translated
from labelloop.log.kafka.settings import KafkaSettings

PATIENCE = 20.0


async def identity(settings: KafkaSettings) -> str:
    """The cluster's id and the topic's name. Raises Unavailable and UserError."""
    admin = AIOKafkaAdminClient(**settings.client())
    with translated(settings):
        async with asyncio.timeout(PATIENCE):
            await admin.start()
            try:
                cluster = (await admin.describe_cluster())["cluster_id"]
            finally:
                await admin.close()
    return f"kafka:{cluster}/{settings.topic}"
