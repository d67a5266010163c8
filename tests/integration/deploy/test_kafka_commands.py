"""Kafka's own commands as docs/deploy.md and the messages give them, on a real broker."""

import re
import secrets
import subprocess
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.log.kafka import KafkaLog, KafkaSettings, read_settings
from labelloop.log.kafka.topics import prepare
from tests.support.deployment import ROOT
from tests.support.kafka_broker import LIBS, needs_java
from tests.support.logs import some_event

JAVA = ["java", "-Xmx128m", "-cp", f"{LIBS}/*"]
TOPICS = "org.apache.kafka.tools.TopicCommand"
CONFIGURATIONS = "kafka.admin.ConfigCommand"


@pytest.fixture
def settings(kafka: str) -> KafkaSettings:
    needs_java()
    return read_settings(f"kafka://{kafka}/page-{secrets.token_hex(4)}", {})


def run(tool: str, arguments: str) -> None:
    subprocess.run([*JAVA, tool, *arguments.split()], check=True, capture_output=True)


def make_topics(settings: KafkaSettings, **changed: str) -> None:
    """Make the topics as the page says, on a cluster of one broker."""
    page = Path(ROOT / "docs/deploy.md").read_text(encoding="utf-8").replace("\\\n", " ")
    commands = re.findall(r"^kafka-topics\.sh (.*)$", page, re.MULTILINE)
    assert len(commands) == 2
    replaced = {
        "kafka-1:9092": settings.servers[0],
        "labelloop.": f"{settings.prefix}.",
        "--replication-factor 3": "--replication-factor 1",
        "min.insync.replicas=2": "min.insync.replicas=1",
        **changed,
    }
    for command in commands:
        for old, new in replaced.items():
            command = command.replace(old, new)
        run(TOPICS, command)


async def test_the_topics_of_the_page_are_those_that_labelloop_wants(settings: KafkaSettings) -> None:
    make_topics(settings)

    log = KafkaLog(settings)
    await log.append(some_event("p", 1))
    await log.close()
    await prepare(settings, settings.dead_letters, partitions=1)


@pytest.mark.all_cells
async def test_what_the_message_says_mends_a_topic_that_would_lose_events(settings: KafkaSettings) -> None:
    make_topics(settings, **{"retention.ms=-1": "retention.ms=1000"})
    log = KafkaLog(settings)

    with pytest.raises(UserError) as refused:
        await log.append(some_event("p", 1))
    said = re.search(r"kafka-configs\.sh ([^)]*)\)", str(refused.value))
    assert said is not None
    run(CONFIGURATIONS, said[1])

    await log.append(some_event("p", 1))
    await log.close()
