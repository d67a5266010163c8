"""The rights that docs/deploy.md lists, on a real broker that grants nothing else."""

import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.log.base import Arrived
from labelloop.log.kafka import KafkaLog
from tests.support.argilla_server import free_port
from tests.support.deployment import ROOT
from tests.support.kafka_broker import LIBS, Broker, needs_java
from tests.support.logs import kafka_log, some_event
from tests.support.messages import raises_naming

LISTENER = "SASL_PLAINTEXT"
MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"
ACLS = ["java", "-Xmx128m", "-cp", f"{LIBS}/*", "org.apache.kafka.tools.AclCommand"]


@pytest.fixture(scope="module")
def password() -> str:
    return secrets.token_urlsafe(12)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, password: str) -> Iterator[str]:
    """The servers of a broker where the user `trainer` may do what the page grants a service of that name."""
    needs_java()
    inside = free_port()
    settings = {
        "listener.security.protocol.map": f"{LISTENER}:{LISTENER},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INTERNAL",
        "sasl.enabled.mechanisms": "PLAIN",
        f"listener.name.{LISTENER.lower()}.plain.sasl.jaas.config": (
            f'{MODULE} required user_trainer="{password}";'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    folder = tmp_path_factory.mktemp("guarded")
    broker = Broker(folder, listener=LISTENER, more=settings, also={"INTERNAL": inside})
    try:
        broker.start()
        grant = granted("trainer").replace("kafka-1:9092", f"127.0.0.1:{inside}")
        subprocess.run([*ACLS, *grant.split()], check=True, capture_output=True)
        yield broker.servers
    finally:
        broker.kill()


def granted(service: str) -> str:
    """The arguments of kafka-acls.sh on the page, for a service."""
    page = Path(ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"kafka-acls\.sh (--bootstrap-server .*?)\ndone", page, re.DOTALL)
    return str(command.replace("\\\n", " ").replace('"', "").replace("$service", service))


@pytest.fixture
def trainers(guarded: str, password: str) -> KafkaLog:
    environment = {
        "LABELLOOP_KAFKA_SECURITY_PROTOCOL": LISTENER,
        "LABELLOOP_KAFKA_SASL_MECHANISM": "PLAIN",
        "LABELLOOP_KAFKA_SASL_PLAIN_USERNAME": "trainer",
        "LABELLOOP_KAFKA_SASL_PLAIN_PASSWORD": password,
        "LABELLOOP_KAFKA_PARTITIONS": "1",
    }
    return kafka_log(f"kafka://{guarded}/labelloop", environment)


@pytest.mark.all_cells
async def test_a_service_makes_the_topic_owns_its_part_appends_and_reads_it_back(trainers: KafkaLog) -> None:
    event = some_event("p", 1)
    found = []

    async with trainers.own("trainer") as ownership:
        async for change in ownership:
            if isinstance(change, Arrived):
                found += [record.event.id for record in change.records if record.event]
                if change.caught_up and not found:
                    await ownership.append(event)
            if found:
                break
    await trainers.close()

    assert found == [event.id]


async def test_it_cannot_own_another_services_part(trainers: KafkaLog) -> None:
    with raises_naming(UserError, "ACLs"):
        async with trainers.own("querier") as ownership:
            await anext(aiter(ownership))
    await trainers.close()
