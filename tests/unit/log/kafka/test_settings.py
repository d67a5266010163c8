"""Where Kafka is and how it is reached."""

from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.log.kafka import read_settings
from tests.support.messages import names, raises_naming

URL = "kafka://a:9092,b:9093/team.labels"


def test_a_url_names_servers_and_the_start_of_all_names() -> None:
    settings = read_settings(URL, {})

    assert settings.servers == ("a:9092", "b:9093")
    assert settings.topic == "team.labels.events"
    assert settings.group("trainer") == "team.labels.trainer"
    assert names(settings.where, "Kafka", "a:9092,b:9093")


@pytest.mark.parametrize("url", ["kafka://", "kafka:///x", "kafka://host", "kafka://host:x", "kafka://:9092"])
def test_a_url_without_a_server_is_refused_with_an_example(url: str) -> None:
    with raises_naming(UserError, url, "kafka://host:9092,host:9092/prefix"):
        read_settings(url, {})


@pytest.mark.parametrize("prefix", ["two words", "a/b", "ä" * 201, "x" * 201])
def test_a_prefix_that_cannot_begin_a_topics_name_is_refused(prefix: str) -> None:
    with raises_naming(UserError, repr(prefix)):
        read_settings(f"kafka://h:1/{prefix}", {})


def test_any_setting_of_aiokafka_comes_from_the_environment_in_its_type() -> None:
    variables = {
        "LABELLOOP_KAFKA_PARTITIONS": "6",
        "LABELLOOP_KAFKA_REPLICATION": "3",
        "LABELLOOP_KAFKA_REQUEST_TIMEOUT_MS": "1234",
        "LABELLOOP_KAFKA_CLIENT_ID": "me",
        "LABELLOOP_KAFKA_COMPRESSION_TYPE": "gzip",
    }

    settings = read_settings(URL, variables)

    assert (settings.partitions, settings.replication) == (6, 3)
    assert settings.producer()["request_timeout_ms"] == 1234
    assert settings.producer()["compression_type"] == "gzip"
    assert settings.client()["client_id"] == "me"
    assert "compression_type" not in settings.consumer(10.0)


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "kafka.yaml"
    path.write_text("partitions: 4\nrequest_timeout_ms: 5\n", encoding="utf-8")
    variables = {"LABELLOOP_KAFKA_FILE": str(path), "LABELLOOP_KAFKA_PARTITIONS": "7"}

    settings = read_settings(URL, variables)

    assert settings.partitions == 7
    assert settings.client()["request_timeout_ms"] == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SASL_MECHANISMS", "PLAIN"),
        ("ACKS", "1"),
        ("GROUP_ID", "mine"),
        ("ISOLATION_LEVEL", "read_uncommitted"),
        ("PARTITIONS", "many"),
        ("PARTITIONS", "0"),
        ("REQUEST_TIMEOUT_MS", "soon"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(name: str, value: str) -> None:
    with raises_naming(UserError, f"LABELLOOP_KAFKA_{name}"):
        read_settings(URL, {f"LABELLOOP_KAFKA_{name}": value})


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    absent = str(tmp_path / "absent")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("- a list\n", encoding="utf-8")

    with raises_naming(UserError, absent, "LABELLOOP_KAFKA_FILE"):
        read_settings(URL, {"LABELLOOP_KAFKA_FILE": absent})
    with raises_naming(UserError, wrong, "LABELLOOP_KAFKA_FILE", "sasl_mechanism: PLAIN"):
        read_settings(URL, {"LABELLOOP_KAFKA_FILE": str(wrong)})
    with raises_naming(UserError, absent, "LABELLOOP_KAFKA_SASL_PLAIN_PASSWORD_FILE"):
        read_settings(URL, {"LABELLOOP_KAFKA_SASL_PLAIN_PASSWORD_FILE": absent})
    with raises_naming(UserError, absent, "TLS"):
        read_settings(URL, {"LABELLOOP_KAFKA_SSL_CAFILE": absent}).client()


def test_what_is_said_of_settings_holds_no_secret() -> None:
    settings = read_settings(URL, {"LABELLOOP_KAFKA_SASL_PLAIN_PASSWORD": "hunter2"})

    assert "hunter2" not in repr(settings) + settings.where
