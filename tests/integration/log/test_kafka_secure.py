"""Kafka by TLS and SASL, and what is said when it refuses."""

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.log.base import Arrived
from labelloop.log.kafka import KafkaLog, read_settings
from labelloop.log.kafka.topic_reader import TopicReader
from tests.support.kafka_secure import MECHANISMS, USER, SecureKafka
from tests.support.logs import kafka_log, some_event
from tests.support.matrices import cells
from tests.support.messages import raises_naming


def environment(kafka: SecureKafka, mechanism: str = "SCRAM-SHA-512", **more: str) -> dict[str, str]:
    return {
        "LABELLOOP_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "LABELLOOP_KAFKA_SASL_MECHANISM": mechanism,
        "LABELLOOP_KAFKA_SASL_PLAIN_USERNAME": USER,
        "LABELLOOP_KAFKA_SASL_PLAIN_PASSWORD": kafka.password,
        "LABELLOOP_KAFKA_SSL_CAFILE": str(kafka.authority),
        "LABELLOOP_KAFKA_PARTITIONS": "1",
        **more,
    }


def open_log(kafka: SecureKafka, variables: Mapping[str, str]) -> KafkaLog:
    return KafkaLog(read_settings(_url(kafka), variables))


def make_log(kafka: SecureKafka, variables: Mapping[str, str]) -> KafkaLog:
    return kafka_log(_url(kafka), variables)


def _url(kafka: SecureKafka) -> str:
    return f"kafka://{kafka.servers}/secure"


async def numbers(log: KafkaLog, project: str) -> list[str]:
    """What an owner is given of a project, after it has appended to it."""
    async with log.own(project) as ownership:
        await ownership.append(some_event(project, 2))
        async for change in ownership:
            if isinstance(change, Arrived) and change.caught_up:
                break
    return [str(record.event.name) async for record in log.read(project) if record.event]


@pytest.mark.parametrize("mechanism", cells(*MECHANISMS[:2], rest=MECHANISMS[2:]))
async def test_a_log_is_reached_by_tls_and_a_password(secure_kafka: SecureKafka, mechanism: str) -> None:
    log = make_log(secure_kafka, environment(secure_kafka, mechanism))
    await log.append(some_event(mechanism, 1))

    assert await numbers(log, mechanism) == ["ProjectPaused", "ProjectPaused"]

    await log.close()


async def test_settings_come_from_a_file_and_the_password_from_another(
    secure_kafka: SecureKafka, tmp_path: Path
) -> None:
    settings, password = tmp_path / "kafka.yaml", tmp_path / "password"
    password.write_text(f"{secure_kafka.password}\n", encoding="utf-8")
    settings.write_text(
        f"security_protocol: SASL_SSL\nsasl_mechanism: PLAIN\nsasl_plain_username: {USER}\n"
        f"ssl_cafile: {secure_kafka.authority}\npartitions: 1\n",
        encoding="utf-8",
    )
    variables = {
        "LABELLOOP_KAFKA_FILE": str(settings),
        "LABELLOOP_KAFKA_SASL_PLAIN_PASSWORD_FILE": str(password),
    }
    log = make_log(secure_kafka, variables)

    await log.append(some_event("by-file", 1))

    assert await numbers(log, "by-file") == ["ProjectPaused", "ProjectPaused"]
    await log.close()


@pytest.mark.parametrize("mechanism", cells(MECHANISMS[0], rest=MECHANISMS[1:]))
async def test_a_wrong_password_is_refused_and_shown_nowhere(
    secure_kafka: SecureKafka, mechanism: str, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = "hunter2-and-wrong"
    variables = environment(secure_kafka, mechanism, LABELLOOP_KAFKA_SASL_PLAIN_PASSWORD=wrong)
    log = open_log(secure_kafka, variables)

    with (
        caplog.at_level(logging.DEBUG),
        raises_naming(UserError, secure_kafka.servers, "LABELLOOP_KAFKA_SASL_…", "ACLs") as refused,
    ):
        await log.append(some_event("nobody", 1))

    assert wrong not in str(refused.value) + caplog.text + repr(read_settings("kafka://h:1", variables))
    await log.close()


async def test_a_certificate_that_nobody_vouches_for_is_refused(secure_kafka: SecureKafka) -> None:
    log = open_log(secure_kafka, environment(secure_kafka, LABELLOOP_KAFKA_SSL_CAFILE=""))

    with raises_naming(UserError, secure_kafka.servers, "certificate", "LABELLOOP_KAFKA_SSL_CAFILE"):
        await log.append(some_event("nobody", 1))

    await log.close()


async def test_a_kafka_that_asks_for_tls_and_gets_none_is_named(secure_kafka: SecureKafka) -> None:
    log = open_log(secure_kafka, {})

    with raises_naming(Unavailable, secure_kafka.servers, "LABELLOOP_KAFKA_SECURITY_PROTOCOL"):
        await log.append(some_event("nobody", 1))

    await log.close()


async def test_a_topic_of_texts_is_read_by_the_same_settings(secure_kafka: SecureKafka) -> None:
    variables = environment(secure_kafka)
    log = make_log(secure_kafka, variables)
    await log.append(some_event("texts", 1))
    await log.close()
    settings = read_settings(_url(secure_kafka), variables)
    reader = TopicReader(settings, settings.topic)

    await reader.open()
    ends, found = await reader.ends(), 0
    while not await reader.is_past(ends):
        found += len((await reader.read())[0])
    await reader.close()

    assert found > 0
    with raises_naming(UserError, settings.servers[0], "'missing'"):
        await TopicReader(settings, "missing").look()
