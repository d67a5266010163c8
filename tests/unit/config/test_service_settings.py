"""Deployment settings."""

from pathlib import Path

import pytest

from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import UserError
from tests.support.messages import raises_naming

NEEDED = {
    "LABELLOOP_LOG": "sqlite:////home/log.sqlite",
    "LABELLOOP_STORE": "/store",
    "LABELLOOP_ARGILLA_URL": "http://localhost:6900",
    "LABELLOOP_ARGILLA_KEY": "secret",
}


WRONG_ENGINES = (
    "ray",
    "ray://",
    "ray:///head",
    "ray://head/path",
    "ray://head:port",
    "ray://head:0",
    "ray://head:70000",
    "ray://name:password@head:10001",
    "ray://head?query",
    "ray://head:10001\n",
    "ray://head 2",
    "http://head:10001",
)


def test_what_is_written_is_read_back() -> None:
    settings = ServiceSettings(
        log="sqlite:///log.sqlite",
        store="/store",
        argilla_url="http://localhost:6900",
        argilla_key="secret",
        argilla_headers={"Authorization": "Bearer x"},
        run=Path("/run"),
        threads=3,
        keep_models=7,
        parent=42,
        engine="ray://head:10001",
        webhook_url="http://{hostname}:0",
        webhook_host="::",
        webhook_port=0,
    )

    assert ServiceSettings.from_environment(settings.to_environment()) == settings


def test_what_is_not_needed_has_defaults() -> None:
    settings = ServiceSettings.from_environment(NEEDED)

    assert (settings.run, settings.keep_models, settings.parent, settings.argilla_headers) == (
        None,
        5,
        None,
        {},
    )
    assert settings.threads >= 1


@pytest.mark.parametrize("name", NEEDED)
def test_one_that_is_missing_or_empty_is_named(name: str) -> None:
    for environment in ({k: v for k, v in NEEDED.items() if k != name}, NEEDED | {name: ""}):
        with raises_naming(UserError, name):
            ServiceSettings.from_environment(environment)


@pytest.mark.parametrize("port", ["http", "-1", "65536", "8081.0"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with raises_naming(UserError, "LABELLOOP_WEBHOOK_PORT", repr(port)):
        ServiceSettings.from_environment(NEEDED | {"LABELLOOP_WEBHOOK_PORT": port})


def test_what_is_set_and_empty_switches_webhooks_off() -> None:
    empty = dict.fromkeys(("LABELLOOP_WEBHOOK_URL", "LABELLOOP_WEBHOOK_HOST", "LABELLOOP_WEBHOOK_PORT"), "")

    assert ServiceSettings.from_environment(NEEDED | empty) == ServiceSettings.from_environment(NEEDED)


def test_only_argilla_needs_an_address_and_a_key() -> None:
    elsewhere = {name: value for name, value in NEEDED.items() if "ARGILLA" not in name}

    settings = ServiceSettings.from_environment(elsewhere | {"LABELLOOP_ORACLE": "office"})

    assert settings.oracle == "office"
    assert ServiceSettings.from_environment(settings.to_environment()) == settings
    assert ServiceSettings.from_environment(NEEDED).oracle == "argilla"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LABELLOOP_THREADS", "two"),
        ("LABELLOOP_KEEP_MODELS", "-1"),
        ("LABELLOOP_ARGILLA_HEADERS", "{no"),
        ("LABELLOOP_ARGILLA_HEADERS", "[1]"),
        *[("LABELLOOP_ENGINE", wrong) for wrong in WRONG_ENGINES],
    ],
)
def test_one_that_is_wrong_is_named(name: str, value: str) -> None:
    with raises_naming(UserError, name):
        ServiceSettings.from_environment(NEEDED | {name: value})


@pytest.mark.parametrize("engine", ["local", "ray://head", "ray://10.0.0.7:10001", "ray://[::1]:10001"])
def test_an_engine_is_this_machine_or_a_ray_cluster(engine: str) -> None:
    assert ServiceSettings.from_environment(NEEDED | {"LABELLOOP_ENGINE": engine}).engine == engine


def test_keys_are_never_printed() -> None:
    settings = ServiceSettings.from_environment(NEEDED | {"LABELLOOP_ARGILLA_HEADERS": '{"X": "hidden"}'})

    assert "secret" not in repr(settings)
    assert "hidden" not in repr(settings)
