"""Whether Kafka can be reached at all: aiokafka says why not only to its logger."""

import asyncio

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaConnectionError, KafkaError

from labelloop.log.kafka.settings import KafkaSettings

PATIENCE = 10.0
HINT = "; if it wants TLS or a password, set LABELLOOP_KAFKA_SECURITY_PROTOCOL"


async def reach(settings: KafkaSettings) -> None:
    """Shake hands with one of the servers. Raises what kept from the last one."""
    refusal: Exception | None = None
    for server in settings.servers:
        host, _, port = server.rpartition(":")
        try:
            async with asyncio.timeout(PATIENCE):
                connection = await create_conn(host.strip("[]"), int(port), **settings.connection())
        except KafkaConnectionError as error:
            # Whoever answers and hangs up at once may have waited for something else.
            hint = "" if "security_protocol" in settings.options else HINT
            refusal = KafkaConnectionError(f"{error.args[0]}{hint}")
        except (KafkaError, OSError) as error:
            refusal = error
        else:
            connection.close()
            return
    if refusal is not None:
        raise refusal
