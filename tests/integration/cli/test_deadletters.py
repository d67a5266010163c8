"""`labelloop deadletters` beside a consumer that runs: on a real Kafka, and on SQLite."""

import asyncio
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from labelloop.log import create_log, open_log
from schemas.envelope import Event
from tests.support.children import Child
from tests.support.command import error_line, eventually, labelloop
from tests.support.logs import some_event
from tests.support.messages import names

GROUP = "alerting"
PROJECT = "mail-5e1f"
SESSION = "3"


@dataclass(frozen=True)
class Team:
    """A log that a consumer and an operator use."""

    kind: str
    place: str
    url: str

    def consumer(self, failing: str = "", hanging: str = "") -> Child:
        return Child("tests.support.delivery_child", self.kind, self.place, SESSION, GROUP, failing, hanging)

    def said(self, *arguments: object) -> str:
        result = labelloop("deadletters", *arguments, "--log", self.url)
        assert result.exit_code == 0, result.output
        return result.stdout

    def listed(self, *arguments: object) -> list[dict[str, Any]]:
        return list(json.loads(self.said(*arguments, "--json")))

    def append(self, *events: Event) -> None:
        async def append() -> None:
            await create_log(self.url)
            log = open_log(self.url)
            await log.append(*events)
            await log.close()

        asyncio.run(append())


@pytest.fixture
def on_kafka(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LABELLOOP_KAFKA_PARTITIONS", "1")
    url = f"kafka://{kafka}/dead-{secrets.token_hex(4)}"
    return Team("kafka", url, url)


@pytest.fixture
def on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    monkeypatch.chdir(tmp_path)
    return Team("sqlite", str(tmp_path / "log.sqlite"), f"sqlite:///{tmp_path}/log.sqlite")


@pytest.fixture
def letters(on_sqlite: Team) -> list[str]:
    """The ids of two dead letters of two projects, in a log that nobody follows any more."""
    on_sqlite.append(some_event(PROJECT, 0), some_event("news-0000", 1), some_event(PROJECT, 2))
    with on_sqlite.consumer(failing="0,1") as consumer:
        consumer.wait_for(lambda said: said.get("handled") == 2)
    return [f"{GROUP}:0:1", f"{GROUP}:0:2"]


async def records(team: Team) -> list[Any]:
    """What a consumer of anybody's finds in the topic of dead letters."""
    servers, _, prefix = team.url.removeprefix("kafka://").partition("/")
    consumer = AIOKafkaConsumer(
        f"{prefix}.deadletters", bootstrap_servers=servers, auto_offset_reset="earliest"
    )
    async with consumer, asyncio.timeout(30):
        return [await consumer.getone()]


def test_an_event_that_cannot_be_handled_is_listed_shown_and_given_again(on_kafka: Team) -> None:
    events = [some_event(PROJECT, number, why="größer") for number in range(5)]
    on_kafka.append(*events)

    with on_kafka.consumer(failing="2") as failing:
        failing.wait_for(lambda said: said.get("handled") == 4)
        assert [said["handled"] for said in failing.messages if "handled" in said] == [0, 1, 3, 4]
        (listed,) = on_kafka.listed()
        letter = f"{GROUP}:0:{listed['offset']}"
        assert (listed["letter"], listed["reason"], listed["attempts"]) == (letter, "ValueError: 2 is odd", 2)
        assert (listed["project"], listed["event"]) == (PROJECT, events[2].id)

        (record,) = asyncio.run(records(on_kafka))
        headers = dict(record.headers)
        assert (record.key, record.value) == (PROJECT.encode(), events[2].data)
        assert (headers["ce_id"], headers["ce_subject"]) == (events[2].id.encode(), PROJECT.encode())
        assert (headers["dl_reason"], headers["dl_group"]) == (b"ValueError: 2 is odd", GROUP.encode())

        shown = json.loads(on_kafka.said("show", letter, "--json"))
        assert (shown["event"]["id"], shown["event"]["data"]["why"]) == (events[2].id, "größer")

        assert names(on_kafka.said("redrive", letter), GROUP, 1)
        failing.wait_for(lambda said: said.get("called") == 2)
        eventually(lambda: on_kafka.listed()[0]["attempts"] == 3, "it is back with one attempt more")

    on_kafka.said("redrive", "--all")
    (asked_for,) = on_kafka.listed()
    assert (asked_for["standing"], asked_for["attempts"]) == ("redriven", 3)
    assert names(on_kafka.said(), letter, 3)
    with on_kafka.consumer() as mended:
        mended.wait_for(lambda said: said.get("handled") == 2)
        eventually(lambda: on_kafka.listed() == [], "the letter is settled")
    assert [each["standing"] for each in on_kafka.listed("--all")] == ["settled"]


def test_letters_are_chosen_by_group_and_project(on_sqlite: Team, letters: list[str]) -> None:
    assert [each["letter"] for each in on_sqlite.listed()] == letters
    assert [each["letter"] for each in on_sqlite.listed("--project", PROJECT)] == letters[:1]
    assert on_sqlite.listed("--group", "dashboard") == []

    on_sqlite.said("redrive", "--all", "--project", "news-0000")

    standings = [each["standing"] for each in on_sqlite.listed()]
    assert standings == ["dead", "redriven"]
    assert json.loads(on_sqlite.said("redrive", "--all", "--group", "dashboard", "--json")) == {
        "redriven": []
    }


def test_a_letter_is_shown_to_people_with_its_reason_and_event(on_sqlite: Team, letters: list[str]) -> None:
    first, *event = on_sqlite.said("show", letters[0]).splitlines()

    assert first.startswith(letters[0])
    assert names(first, 2, "ValueError: 0 is odd")
    assert json.loads("\n".join(event))["subject"] == PROJECT


def test_asking_twice_gives_it_once(on_sqlite: Team, letters: list[str]) -> None:
    for _ in range(2):
        assert names(on_sqlite.said("redrive", letters[0], letters[0]), GROUP, 1)

    with on_sqlite.consumer() as consumer:
        consumer.wait_for(lambda said: said.get("handled") == 0)
        eventually(lambda: len(on_sqlite.listed()) == 1, "the letter is settled")
    assert [said for said in consumer.messages if said == {"handled": 0}] == [{"handled": 0}]


def test_what_cannot_be_asked_for_is_told(on_sqlite: Team, letters: list[str]) -> None:
    def told(*arguments: str) -> str:
        return error_line(labelloop("deadletters", *arguments, "--log", on_sqlite.url))

    assert names(told("redrive"), "--all")
    assert names(told("redrive", "--all", letters[0]), "--all")
    assert names(told("redrive", letters[0], "alerting:0:9"), "alerting:0:9")
    assert names(told("show", "alerting:0:9"), "alerting:0:9")
    assert names(told("--project", "mial"), "'mial'")
    assert names(told("--group", GROUP, "show", letters[0]), "show")
    assert [each["standing"] for each in on_sqlite.listed()] == ["dead", "dead"]

    on_sqlite.said("redrive", letters[0])
    with on_sqlite.consumer() as consumer:
        consumer.wait_for(lambda said: said.get("handled") == 0)
        eventually(lambda: len(on_sqlite.listed()) == 1, "the letter is settled")
    assert names(told("redrive", letters[0]), letters[0])
