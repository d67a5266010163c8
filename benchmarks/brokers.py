"""A Kafka to measure: the one that KAFKA_BOOTSTRAP names, else one that lives as long as the run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.kafka_broker import Broker, needs_java


@contextmanager
def a_kafka(folder: Path) -> Iterator[str]:
    """`host:port` of a running Kafka."""
    if named := os.environ.get("KAFKA_BOOTSTRAP"):
        yield named
        return
    needs_java()
    broker = Broker(folder)
    try:
        broker.start()
        yield broker.servers
    finally:
        broker.kill()
