"""What is in Kafka, seen past the log's own view of it: every record as it lies there, and who owns what."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.partitioner import DefaultPartitioner

from labelloop.log.kafka import KafkaSettings, read_settings
from labelloop.log.kafka.reader import EndOffsets, read
from labelloop.log.kafka.records import key, to_record
from schemas.envelope import Event


def partition_of(project: str, partitions: int) -> int:
    """Where a project is, by its key."""
    everywhere = list(range(partitions))
    return int(DefaultPartitioner()(key(project), everywhere, everywhere))


def project_in(partition: int, partitions: int) -> str:
    """The id of a new project that lies there."""
    while True:
        project = f"mail-{secrets.token_hex(4)}"
        if partition_of(project, partitions) == partition:
            return project


def events_in(url: str) -> list[Event]:
    """All that was committed, in the order of each partition; what is there twice comes twice."""
    return asyncio.run(_events_in(read_settings(url)))


def owners(url: str, service: str) -> dict[int, str]:
    """The client that owns each partition for a service; empty while the group is not settled."""
    return asyncio.run(_owners(read_settings(url), service))


def repeated(events: Sequence[Event]) -> list[Event]:
    """Those that state what an earlier one stated: the same fact has the same id."""
    first = {event.id: event for event in reversed(events)}
    return [event for event in events if event is not first[event.id]]


async def _events_in(settings: KafkaSettings) -> list[Event]:
    ends = EndOffsets(settings)
    try:
        offsets = await ends.of(settings.topic, range(settings.partitions))
        pages = [page async for page in read(settings, settings.topic, offsets)]
    finally:
        await ends.close()
    records = [to_record(record) for page in pages for record in page]
    return [record.event for record in records if record.event is not None]


async def _owners(settings: KafkaSettings, service: str) -> dict[int, str]:
    admin = AIOKafkaAdminClient(**settings.client())
    await admin.start()
    try:
        (answer,) = await admin.describe_consumer_groups([settings.group(service)])
    except GroupCoordinatorNotAvailableError:
        return {}
    finally:
        await admin.close()
    return _assigned(answer.to_object()["groups"][0])


def _assigned(group: Mapping[str, Any]) -> dict[int, str]:
    if group["state"] != "Stable":
        return {}
    owners: dict[int, str] = {}
    for member in group["members"]:
        assignment = ConsumerProtocolMemberAssignment.decode(member["member_assignment"])
        for _, partitions in assignment.assignment:
            owners |= dict.fromkeys(partitions, member["client_id"])
    return owners
