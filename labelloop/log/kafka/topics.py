"""The topics. Commands create them (brokers never do on their own); each is checked before use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.conn import create_conn
from aiokafka.errors import (
    InvalidReplicationFactorError,
    KafkaConnectionError,
    KafkaError,
    PolicyViolationError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import LogLost
from labelloop.log.kafka.errors import translated
from labelloop.log.kafka.origin import recall, start_anew
from labelloop.log.kafka.settings import KafkaSettings

LARGEST_EVENT = 16 * 1024 * 1024
COPIES = 3
PATIENCE = 30.0
KEEP = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
SHOWING = 0.05
HANDSHAKE_PATIENCE = 10.0
HINT = "; if it requires TLS or a password, set LABELLOOP_KAFKA_SECURITY_PROTOCOL"
IDENTITY_PATIENCE = 20.0


async def prepare(settings: KafkaSettings, name: str, partitions: int, largest: int = LARGEST_EVENT) -> None:
    """Check that Kafka answers, and create the topic if needed. `largest`: maximum bytes of a record.

    Raises Unavailable and UserError.
    """
    with translated(settings):
        async with asyncio.timeout(PATIENCE):
            await reach(settings)
            await ensure_topic(settings, name, partitions, largest)


async def create_topic(settings: KafkaSettings) -> None:
    """Create the log's topic, unless it is there, and wait until it shows. Raises what `exists` raises."""
    # Creating asks for the topic itself; only what this machine knows of must not be made anew.
    if recall(settings) is None or not await exists(settings):
        await prepare(settings, settings.topic, settings.partitions)
        with translated(settings):
            async with asyncio.timeout(PATIENCE):
                while not await has_topic(settings):  # noqa: ASYNC110
                    await asyncio.sleep(SHOWING)


async def exists(settings: KafkaSettings) -> bool:
    """Whether there is a log. Raises what `has_topic` raises, and LogLost if this machine knows of one."""
    is_there = await has_topic(settings)
    if not is_there and recall(settings) is not None:
        raise missing_topic(settings)
    return is_there


async def check_topic(settings: KafkaSettings) -> None:
    """Raises LogLost if the log's topic is missing, and what `has_topic` raises."""
    if not await has_topic(settings):
        raise missing_topic(settings)


@asynccontextmanager
async def noticing_loss(settings: KafkaSettings) -> AsyncIterator[None]:
    """Replace Unavailable by LogLost if Kafka answers, and the log's topic is what is missing."""
    try:
        yield
    except LogLost:
        raise
    except Unavailable as error:
        if await is_missing(settings):
            raise missing_topic(settings) from error
        raise


async def is_missing(settings: KafkaSettings) -> bool:
    """Whether Kafka answers that there is no such topic."""
    try:
        async with asyncio.timeout(HANDSHAKE_PATIENCE):
            return not await has_topic(settings)
    except (Unavailable, UserError, TimeoutError):
        return False


def missing_topic(settings: KafkaSettings) -> LogLost:
    """The error for a log whose topic is missing."""
    if recall(settings) is None:
        remedy = "make it with `labelloop init`, or put it back if it was there"
    else:
        remedy = f"put it back, or {start_anew(settings)}"
    return LogLost(
        f"the topic {settings.topic} is missing in {settings.where}: {remedy}", outage=settings.where
    )


async def has_topic(settings: KafkaSettings) -> bool:
    """Whether the log's topic exists. It is not created. Raises Unavailable.

    Raises UserError if the topic is configured so that it would lose events.
    """
    with translated(settings):
        async with asyncio.timeout(PATIENCE):
            await reach(settings)
            admin = AIOKafkaAdminClient(**settings.client())
            await admin.start()
            try:
                return await _is_topic_there(admin, settings, settings.topic, settings.partitions)
            finally:
                await admin.close()


async def ensure_topic(settings: KafkaSettings, name: str, partitions: int, largest: int) -> None:
    """Create the topic if it does not exist. Raises Kafka's errors.

    Raises UserError if the topic exists and is configured so that it would lose events.
    """
    admin = AIOKafkaAdminClient(**settings.client())
    await admin.start()
    try:
        if not await _is_topic_there(admin, settings, name, partitions):
            await _create(admin, settings, name, partitions, largest)
    finally:
        await admin.close()


async def _is_topic_there(
    admin: AIOKafkaAdminClient, settings: KafkaSettings, name: str, partitions: int
) -> bool:
    """Whether the topic exists. Raises UserError if it is configured wrongly."""
    actual = await _partitions(admin, name)
    if actual is None:
        return False
    if actual != partitions:
        raise UserError(f"the topic {name} has {actual} partitions and {_remedy(settings, name, actual)}")
    _check(settings, name, await _configuration(admin, name))
    return True


def _remedy(settings: KafkaSettings, name: str, actual: int) -> str:
    if name != settings.topic:
        return "must have one: create it again with one partition, or give another prefix in the log's URL"
    return (
        f"the setting says {settings.partitions}: set LABELLOOP_KAFKA_PARTITIONS={actual}; "
        "the number can never change, because it determines a project's partition"
    )


async def _partitions(admin: AIOKafkaAdminClient, name: str) -> int | None:
    # The request for all topics, unlike that for one, never makes a broker create it.
    for topic in await admin.describe_topics():
        if topic["topic"] == name:
            return len(topic["partitions"])
    return None


async def _create(
    admin: AIOKafkaAdminClient, settings: KafkaSettings, name: str, partitions: int, largest: int
) -> None:
    brokers = len((await admin.describe_cluster())["brokers"])
    copies = settings.replication or min(COPIES, brokers)
    configuration = {
        **KEEP,
        "max.message.bytes": str(largest),
        "min.insync.replicas": "2" if copies > 2 else "1",
    }
    topic = NewTopic(name, partitions, copies, topic_configs=configuration)
    response = await admin.create_topics([topic])
    for _, code, message in response.topic_errors:
        error = for_code(code)
        if error in (InvalidReplicationFactorError, PolicyViolationError, TopicAuthorizationFailedError):
            raise UserError(
                f"{settings.where} refuses a topic {name}, {copies} copies ({message or error.__name__}): "
                "set LABELLOOP_KAFKA_REPLICATION, or have it created as docs/deploy.md says"
            )
        if code and error is not TopicAlreadyExistsError:
            raise error(message)


async def _configuration(admin: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    configuration: dict[str, str] = {}
    for response in responses:
        for code, _message, _type, _name, entries in response.resources:
            if code and for_code(code) is TopicAuthorizationFailedError:
                return dict(KEEP)
            configuration.update({entry[0]: entry[1] for entry in entries})
    return configuration


def _check(settings: KafkaSettings, name: str, configuration: dict[str, Any]) -> None:
    for setting, value in KEEP.items():
        if configuration.get(setting, value) != value:
            raise UserError(
                f"the topic {name} has {setting}={configuration[setting]} and would lose events: "
                f"set {setting}={value} (kafka-configs.sh --alter --bootstrap-server {settings.servers[0]} "
                f"--entity-type topics --entity-name {name} --add-config {setting}={value}), or give "
                "another prefix in the log's URL"
            )


async def reach(settings: KafkaSettings) -> None:
    """Connect to any of the servers. Raises the error of the last one if none answers."""
    refusal: Exception | None = None
    for server in settings.servers:
        host, _, port = server.rpartition(":")
        try:
            async with asyncio.timeout(HANDSHAKE_PATIENCE):
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


async def identity(settings: KafkaSettings) -> str:
    """The log's identity: the cluster's id and the topic's name. Raises Unavailable and UserError."""
    admin = AIOKafkaAdminClient(**settings.client())
    with translated(settings):
        async with asyncio.timeout(IDENTITY_PATIENCE):
            await admin.start()
            try:
                cluster = (await admin.describe_cluster())["cluster_id"]
            finally:
                await admin.close()
    return f"kafka:{cluster}/{settings.topic}"
