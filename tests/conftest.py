"""Fixtures for all tests."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.argilla_server import argilla_elsewhere, argilla_server, own_argilla_server
from tests.support.demo import undisturbed
from tests.support.disks import tiny_disk
from tests.support.kafka_broker import kafka, own_broker
from tests.support.kafka_secure import secure_kafka
from tests.support.learner import own_learner, session_learner
from tests.support.matrices import FEW, MANY
from tests.support.tiny_bert import tiny

__all__ = [
    "argilla_elsewhere",
    "argilla_server",
    "kafka",
    "own_argilla_server",
    "own_broker",
    "own_learner",
    "secure_kafka",
    "session_learner",
    "tiny",
    "tiny_disk",
    "undisturbed",
]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays: looking through it for garbage takes a third of the time of collecting."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What one run knows of its logs is nothing to the next, which may have others at the same addresses."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LABELLOOP_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


# How long an example takes says how busy the machine is, and no more.
settings.register_profile(FEW, deadline=None, max_examples=20)
settings.register_profile(MANY, deadline=None, max_examples=100)
settings.load_profile(FEW)
