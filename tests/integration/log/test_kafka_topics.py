"""The topic on a real Kafka: made by the program, checked before it is used."""

import secrets

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from labelloop.errors import UserError
from labelloop.log.kafka import KafkaLog, create_topic, read_settings
from tests.support.logs import kafka_log, some_event
from tests.support.messages import raises_naming


@pytest.fixture
def prefix() -> str:
    return f"topics-{secrets.token_hex(4)}"


def a_log(kafka: str, prefix: str, **variables: str) -> KafkaLog:
    named = {f"LABELLOOP_KAFKA_{name.upper()}": value for name, value in variables.items()}
    return KafkaLog(read_settings(f"kafka://{kafka}/{prefix}", named))


async def make_topic(kafka: str, prefix: str, partitions: int, **settings: str) -> None:
    """A topic as somebody else makes it."""
    configuration = {name.replace("_", "."): value for name, value in settings.items()}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(f"{prefix}.events", partitions, 1, topic_configs=configuration)])
    await admin.close()


async def configuration(kafka: str, prefix: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    resource = ConfigResource(ConfigResourceType.TOPIC, f"{prefix}.events")
    (response,) = await admin.describe_configs([resource])
    await admin.close()
    return {entry[0]: entry[1] for entry in response.resources[0][4]}


async def test_the_topic_that_is_made_keeps_all(kafka: str, prefix: str) -> None:
    log = kafka_log(f"kafka://{kafka}/{prefix}", {"LABELLOOP_KAFKA_PARTITIONS": "5"})

    await log.append(some_event("a", 1))

    found = await configuration(kafka, prefix)
    assert found["cleanup.policy"] == "delete"
    assert found["retention.ms"] == found["retention.bytes"] == "-1"
    await log.close()


async def test_another_number_of_partitions_is_refused_with_the_setting_to_change(
    kafka: str, prefix: str
) -> None:
    await make_topic(kafka, prefix, 3, retention_ms="-1")
    log = a_log(kafka, prefix, partitions="5")

    with raises_naming(UserError, 3, 5, "LABELLOOP_KAFKA_PARTITIONS=3"):
        await log.append(some_event("a", 1))

    await log.close()


@pytest.mark.parametrize(
    ("setting", "value"),
    [("retention_ms", "604800000"), ("retention_bytes", "1000000"), ("cleanup_policy", "compact")],
)
async def test_a_topic_that_would_lose_events_is_refused_and_says_what_to_do(
    kafka: str, prefix: str, setting: str, value: str
) -> None:
    await make_topic(kafka, prefix, 1, **{"retention_ms": "-1", setting: value})
    log = a_log(kafka, prefix, partitions="1")

    found = f"{setting.replace('_', '.')}={value}"
    with raises_naming(UserError, found, "would lose events", "kafka-configs.sh --alter"):
        await log.append(some_event("a", 1))

    await log.close()


async def test_a_replication_that_the_cluster_does_not_have_is_refused(kafka: str, prefix: str) -> None:
    settings = read_settings(f"kafka://{kafka}/{prefix}", {"LABELLOOP_KAFKA_REPLICATION": "7"})

    with raises_naming(UserError, 7, "LABELLOOP_KAFKA_REPLICATION"):
        await create_topic(settings)


async def test_an_event_too_large_for_the_topic_is_refused_and_others_go_in(kafka: str, prefix: str) -> None:
    log = kafka_log(f"kafka://{kafka}/{prefix}", {"LABELLOOP_KAFKA_PARTITIONS": "1"})
    large = some_event("a", 1, why="x" * 17_000_000)

    with raises_naming(UserError, "MessageSizeTooLargeError", "batches"):
        await log.append(large)
    await log.append(some_event("a", 2))

    assert [record.event.id async for record in log.read() if record.event] == [some_event("a", 2).id]
    await log.close()
