"""Delivery from a real Kafka: a broker that is killed, members that share the work, large events."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from labelloop.errors import UserError
from labelloop.log.base import DeadLetterStatus, Record
from labelloop.log.kafka import KafkaLog
from labelloop.observe.service_status import ServiceStatus
from labelloop.observe.status_file import read_status_file
from schemas.envelope import new_event
from tests.support.consumers import GROUP, Consumer, delivering, odd, until_letters
from tests.support.controllers import until
from tests.support.kafka_broker import Broker
from tests.support.logs import kafka_log, number_of, some_event
from tests.support.messages import lines, names, raises_naming
from tests.support.plugged import Noting, at_work, running
from tests.support.states import project as a_project

PARTITIONS = "4"
PROJECTS = [f"project-{number}" for number in range(12)]


def a_log(servers: str, prefix: str) -> KafkaLog:
    return kafka_log(f"kafka://{servers}/{prefix}", {"LABELLOOP_KAFKA_PARTITIONS": PARTITIONS}, 3)


@pytest.fixture
def prefix() -> str:
    return f"delivery-{secrets.token_hex(4)}"


@pytest.mark.all_cells
async def test_nothing_is_passed_over_while_the_broker_is_away(
    own_broker: Broker, prefix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = a_log(own_broker.servers, prefix)
    await log.append(*(some_event("p", number) for number in range(3)))

    class Killing(Consumer):
        async def handle(self, record: Record) -> bool:
            if len(self.calls) == 1:
                await asyncio.to_thread(own_broker.kill)
            return await super().handle(record)

    consumer = Killing(failing={1: odd(2)})
    async with delivering(log, consumer, status=ServiceStatus(GROUP, tmp_path), attempts=2):
        await until(lambda: names(read_status_file(tmp_path, GROUP).get("waiting"), own_broker.servers))
        assert consumer.calls == [0, 1, 1]
        ours = [line for line in lines(caplog, own_broker.servers) if line.name.startswith("labelloop")]
        assert [line.levelname for line in ours] == ["WARNING"]
        await asyncio.to_thread(own_broker.start)
        await until(lambda: consumer.handled == [0, 2])
        await log.append(some_event("p", 3))
        await until(lambda: 3 in consumer.handled)

    (letter,) = await until_letters(log, bool)
    assert (letter.status, letter.event.id) == (DeadLetterStatus.DEAD, some_event("p", 1).id)
    await log.close()


class Member(Consumer):
    """Notes the projects of what it handled, by number."""

    def __init__(self, failing: Mapping[int, list[Exception]]) -> None:
        super().__init__(failing)
        self.projects: dict[int, list[str]] = defaultdict(list)

    async def handle(self, record: Record) -> bool:
        await super().handle(record)
        assert record.event is not None
        self.projects[number_of(record)].append(record.event.project)
        return True


async def test_a_letter_is_given_to_the_member_that_has_its_project(kafka: str, prefix: str) -> None:
    logs = [a_log(kafka, prefix) for _ in range(2)]
    first, second = Member({0: odd(len(PROJECTS))}), Member({})
    await logs[0].append(*(some_event(project, 0) for project in PROJECTS))
    async with delivering(logs[0], first, attempts=1):
        letters = await until_letters(logs[0], lambda letters: len(letters) == len(PROJECTS))
        async with delivering(logs[1], second, attempts=1):
            last = await a_round_that_both_share(logs[0], first, second)

            await logs[0].dead_letters.put(*(letter.redriven(letter.time) for letter in letters))
            await until_letters(
                logs[0], lambda letters: all(x.status is DeadLetterStatus.SETTLED for x in letters)
            )

    for member in (first, second):
        assert sorted(member.projects[0]) == sorted(member.projects[last])
    assert len(first.projects[0]) + len(second.projects[0]) == len(PROJECTS)
    for log in logs:
        await log.close()


async def test_whoever_is_given_a_project_back_knows_what_another_member_was_given(
    kafka: str, prefix: str
) -> None:
    logs = [a_log(kafka, prefix) for _ in range(2)]
    consumers = Noting(), Noting()
    await logs[0].append(*(new_event(project, a_project(), source="tests") for project in PROJECTS))

    async def a_round(number: int) -> None:
        await logs[0].append(*(some_event(project, number) for project in PROJECTS))
        await until(lambda: all(length(project) == number + 2 for project in PROJECTS))

    def length(project: str) -> int:
        return max((n for c in consumers for found, _, n in c.noted if found == project), default=0)

    async with at_work(running(logs[0], consumers[0])):
        await a_round(0)
        async with at_work(running(logs[1], consumers[1])):
            for number in range(1, 100):
                await a_round(number)
                if consumers[1].noted:
                    break
        await a_round(number + 1)

    alone = {found for found, _, n in consumers[1].noted if n == number + 2}
    assert alone
    # Were one of its events not known, the last one's state would count fewer.
    assert {(project, number + 3) for project in PROJECTS} <= {(p, n) for p, _, n in consumers[0].noted}
    for log in logs:
        await log.close()


async def test_a_group_at_work_keeps_its_place(kafka: str, prefix: str) -> None:
    log = a_log(kafka, prefix)
    await log.append(some_event("p", 0))
    consumer = Consumer()

    async with delivering(log, consumer):
        await until(lambda: consumer.handled == [0])
        with raises_naming(UserError, GROUP):
            await log.seek(GROUP, at_end=False)

    await log.seek(GROUP, at_end=False)
    await log.close()


async def a_round_that_both_share(log: KafkaLog, first: Member, second: Member) -> int:
    """Append an event a project, again and again, until each member has its share; the events' number."""
    is_settled = False
    for number in count(1):
        await log.append(*(some_event(project, number) for project in PROJECTS))
        got = (first.projects[number], second.projects[number])
        await until(lambda got=got: len(got[0]) + len(got[1]) >= len(PROJECTS))  # type: ignore[misc]
        if is_settled:
            return number
        # The partitions may have moved in the midst of the first round that both share.
        is_settled = all(got)
    raise AssertionError


async def test_an_event_of_the_largest_size_can_be_a_dead_letter(kafka: str, prefix: str) -> None:
    log = a_log(kafka, prefix)
    await log.append(some_event("p", 0, why="x" * 16_700_000))

    async with delivering(log, Consumer(failing={0: [ValueError("ß" * 5000)]}), attempts=1):
        (letter,) = await until_letters(log, bool)

    assert len(letter.event.data) > 16_700_000
    await log.close()


async def test_nothing_is_handled_while_a_dead_letter_would_be_lost(
    kafka: str, prefix: str, tmp_path: Path
) -> None:
    await make_topic(kafka, f"{prefix}.deadletters", **{"retention.ms": "604800000"})
    log = a_log(kafka, prefix)
    await log.append(some_event("p", 0))
    consumer = Consumer()

    async with delivering(log, consumer, status=ServiceStatus(GROUP, tmp_path)):
        await until(lambda: names(read_status_file(tmp_path, GROUP).get("waiting"), "retention.ms=604800000"))
        assert consumer.calls == []
        await keep_all(kafka, f"{prefix}.deadletters")
        await until(lambda: consumer.handled == [0])

    await log.close()


async def make_topic(kafka: str, name: str, **settings: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs=settings)])
    await admin.close()


async def keep_all(kafka: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    settings = {"retention.ms": "-1", "max.message.bytes": "20000000"}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=settings)])
    await admin.close()
