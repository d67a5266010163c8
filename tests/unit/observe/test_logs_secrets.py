"""What is hidden of what a service says."""

import json

import pytest

from labelloop.observe.logs import hiding


@pytest.mark.parametrize(
    "name",
    [
        "LABELLOOP_ARGILLA_KEY",
        "LABELLOOP_KAFKA_SASL_PLAIN_PASSWORD",
        "LABELLOOP_KAFKA_SSL_PASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ],
)
def test_the_value_of_a_secret_setting_is_hidden(name: str) -> None:
    hide = hiding({name: "hunter2-hunter2"})

    assert hide("refused: hunter2-hunter2, hunter2-hunter2!") == "refused: ***, ***!"


def test_what_is_no_secret_is_shown() -> None:
    hide = hiding(
        {
            "LABELLOOP_KAFKA_SSL_KEYFILE": "/run/secrets/kafka.pem",
            "LABELLOOP_STORE": "s3://bucket/labelloop",
            "LABELLOOP_KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
            "LABELLOOP_ARGILLA_KEY": "",
        }
    )
    text = "/run/secrets/kafka.pem s3://bucket/labelloop SCRAM-SHA-256"

    assert hide(text) == text


def test_a_secret_that_is_a_word_hides_no_words() -> None:
    assert hiding({"LABELLOOP_ARGILLA_KEY": "key"})("no key") == "no key"


def test_headers_are_secret_whatever_they_are_called() -> None:
    hide = hiding(
        {"LABELLOOP_ARGILLA_HEADERS": '{"Authorization": "Bearer abcdef123", "X-Who": "gateway-7"}'}
    )

    assert hide("Bearer abcdef123, abcdef123, gateway-7") == "***, ***, ***"


def test_of_a_stores_options_only_the_secrets_are_hidden() -> None:
    options = {
        "secret": "s3cr3t-value",
        "client_kwargs": {"endpoint_url": "http://minio:9000", "token": "t0ken-1"},
    }
    hide = hiding({"LABELLOOP_STORE_OPTIONS": json.dumps(options)})

    assert (
        hide("http://minio:9000 refuses s3cr3t-value and t0ken-1") == "http://minio:9000 refuses *** and ***"
    )


def test_a_secret_is_hidden_in_json_too() -> None:
    hide = hiding({"LABELLOOP_ARGILLA_KEY": 'quote"and\\slash'})

    assert hide(json.dumps({"said": 'quote"and\\slash'})) == '{"said": "***"}'


def test_the_longer_of_two_secrets_is_hidden_whole() -> None:
    hide = hiding({"A_TOKEN": "abcdef", "B_TOKEN": "abcdef-ghijkl"})

    assert hide("abcdef-ghijkl") == "***"


def test_credentials_in_a_url_are_hidden() -> None:
    assert hiding({})("http://ada:pw@argilla:6900/x and s3://bucket/a@b") == (
        "http://***@argilla:6900/x and s3://bucket/a@b"
    )
