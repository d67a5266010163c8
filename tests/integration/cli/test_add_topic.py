"""`labelloop add --topic`: a pool that grows by the messages of a topic on a real Kafka."""

import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from labelloop.loop.pools import pool_of
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store import open_store
from schemas import events as e
from schemas.parts import Snapshot
from tests.support.command import command, error_line, eventually, labelloop
from tests.support.kafka_broker import Broker, needs_java
from tests.support.loop import ServiceLoop
from tests.support.messages import names
from tests.support.text_topics import TextTopic

pytestmark = pytest.mark.timeout(300)
ROWS = [("first", None), ("second", None)]


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[ServiceLoop]:
    home = tmp_path / "home"
    home.mkdir()
    with closing(ServiceLoop(home, argilla_url="http://127.0.0.1:1", argilla_key="none")) as loop:
        yield loop


@pytest.fixture
def topic(kafka: str) -> TextTopic:
    topic = TextTopic(kafka)
    topic.create()
    return topic


def where(loop: ServiceLoop) -> tuple[object, ...]:
    return ("--log", loop.settings.log, "--store", loop.settings.store)


def add(loop: ServiceLoop, project: str, topic: TextTopic, *options: object) -> Result:
    """What is in the topic now is added."""
    return labelloop("add", project, "--topic", topic.address, "--until-end", *options, *where(loop))


def added(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def pool(loop: ServiceLoop, project: str) -> OpenSnapshot:
    return open_store(loop.settings.store).open_pool(pool_of(loop.state(project)))


def texts(loop: ServiceLoop, project: str) -> Sequence[str]:
    return pool(loop, project).all_texts()


def offsets(loop: ServiceLoop, project: str) -> tuple[int, ...]:
    topic = loop.state(project).grown[-1].topic
    assert topic is not None
    return topic.offsets


def test_messages_are_added_up_to_the_end_and_read_on_from_there(loop: ServiceLoop, topic: TextTopic) -> None:
    project = loop.create(ROWS)
    topic.put({"text": "third"}, {"text": "second"}, None, {"text": " "}, "fourth", '"fi\\u0066th"')

    lines = added(add(loop, project, topic))

    assert names(lines[0], topic.name, 3, "1 in the pool", "1 empty")
    assert texts(loop, project) == ["first", "second", "third", "fourth", "fifth"]
    assert pool(loop, project).source_rows([2, 3, 4]) == [0, 4, 5], "their offsets"
    assert offsets(loop, project) == (6,)
    length = loop.state(project).length
    added(add(loop, project, topic))
    assert loop.state(project).length == length

    topic.put({"text": "sixth"}, {"text": "third"})
    topic.put_and_abort({"text": "never"})
    added(add(loop, project, topic))
    assert texts(loop, project)[5:] == ["sixth"]
    assert offsets(loop, project) == (8,)
    assert json.loads(labelloop("replay", "--verify", "--json", *where(loop)).stdout)["verified"]


def test_all_partitions_are_read_also_later_ones(loop: ServiceLoop, topic: TextTopic) -> None:
    project = loop.create(ROWS)
    topic.grow_to(2)
    topic.put("a", partition=0)
    topic.put("b", "c", partition=1)
    added(add(loop, project, topic))
    assert offsets(loop, project) == (1, 2)

    topic.grow_to(4)
    topic.put("d", partition=3)
    added(add(loop, project, topic, "--from", "newest"))

    assert sorted(texts(loop, project)[2:]) == ["a", "b", "c", "d"], "what came to a new one is new"
    assert offsets(loop, project) == (1, 2, 0, 1)


def test_newest_leaves_out_what_was_there_before(loop: ServiceLoop, topic: TextTopic) -> None:
    project = loop.create(ROWS)
    topic.put("old")

    added(add(loop, project, topic, "--from", "newest"))

    assert texts(loop, project) == ["first", "second"]


def test_a_bad_message_ends_it_and_what_came_before_is_added(loop: ServiceLoop, topic: TextTopic) -> None:
    project = loop.create(ROWS, kept_columns={"team": ["a", "b"]})
    good = {"text": "third", "team": ["x", "y"]}
    topic.put(good, {"body": "fourth"}, {"text": "fifth"}, b"\xff\xfe", b"\0\0\0\0\1{}", {"text": "a\0b"})

    for _ in range(2):
        result = add(loop, project, topic)
        assert result.exit_code == 2
        assert names(
            result.stderr.splitlines()[-1], topic.name, "partition 0", "offset 1", "'text'", "--skip-bad-rows"
        )
        assert texts(loop, project)[2:] == ["third"]
        assert offsets(loop, project) == (1,)

    lines = added(add(loop, project, topic, "--skip-bad-rows"))
    assert names("\n".join(lines), "4 messages left out", "offset 1", "offset 3", "offset 4", "offset 5")
    assert texts(loop, project)[3:] == ["fifth"]
    assert pool(loop, project).kept_values([2, 3]) == {"team": ['["x", "y"]', None]}
    assert offsets(loop, project) == (6,)


def test_what_the_topic_has_deleted_is_told_and_passed_over(loop: ServiceLoop, topic: TextTopic) -> None:
    project = loop.create(ROWS)
    topic.put("a")
    added(add(loop, project, topic))
    topic.put("b", "c", "d")
    topic.forget(before=3)

    lines = added(add(loop, project, topic))

    assert names(lines[0], "2 messages", "partition 0", "offsets 1 to 2")
    assert texts(loop, project)[2:] == ["a", "d"]


def test_a_topic_that_was_made_anew_is_refused_until_it_is_read_from_its_beginning(
    loop: ServiceLoop, topic: TextTopic
) -> None:
    project = loop.create(ROWS)
    topic.put("a", "b")
    added(add(loop, project, topic))
    topic.delete()
    topic.create()
    topic.put("b")

    assert names(error_line(add(loop, project, topic)), "partition 0", "--from oldest")

    topic.put("c", "d")
    added(add(loop, project, topic, "--from", "oldest"))
    assert texts(loop, project)[2:] == ["a", "b", "c", "d"]
    added(add(loop, project, topic))
    assert offsets(loop, project) == (3,)


def test_what_cannot_be_read_is_told_in_one_line(loop: ServiceLoop, kafka: str) -> None:
    project = loop.create(ROWS)
    missing = TextTopic(kafka, "mail.missing")

    assert names(error_line(add(loop, project, missing)), "mail.missing", "create it")
    assert names(error_line(add(loop, project, TextTopic("127.0.0.1:1", "mail"))), "127.0.0.1:1")
    for options in (
        ("--topic", "mail"),
        ("--topic", "kafka://host:9092"),
        ("--topic", missing.address, "file.csv"),
        (),
        ("file.csv", "--until-end"),
        ("--topic", missing.address, "--encoding", "cp1252"),
    ):
        error_line(labelloop("add", project, *options, *where(loop)))


def test_a_project_that_takes_no_texts_is_told(loop: ServiceLoop, topic: TextTopic) -> None:
    ended = loop.create(ROWS)
    loop.append(ended, e.ProjectEnded(request="1", who="ann"))
    topic.put("a")

    assert names(error_line(add(loop, ended, topic)), ended, "ended")


def test_it_goes_on_until_it_is_stopped_or_the_project_ends(
    loop: ServiceLoop, topic: TextTopic, tmp_path: Path
) -> None:
    project = loop.create(ROWS, batch_size=2)
    options = ("add", project, "--topic", topic.address, *where(loop))
    output = tmp_path / "output.txt"
    topic.put("a")
    with command(*options, "--every", "1s", output=output) as process:
        loop.wait(project, lambda state: len(state.grown) == 1)
        topic.put("b")
        loop.wait(project, lambda state: len(state.grown) == 2)
        assert [growth.from_batch for growth in loop.state(project).grown] == [1, 1], "a pick is not dropped"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, output.read_text()

    with command(*options, "--every", "1d", output=output) as process:
        topic.put("c")
        eventually(lambda: "until Ctrl-C" in output.read_text(), "it reads")
        loop.append(project, e.ProjectEnded(request="1", who="ann"))
        assert process.wait(60) == 0
        assert names(output.read_text(), project, "ended", "left in the topic")
    assert texts(loop, project)[2:] == ["a", "b"]


def test_a_pool_that_ran_out_gets_texts_at_once(loop: ServiceLoop, topic: TextTopic, tmp_path: Path) -> None:
    project = loop.create(ROWS, batch_size=2)
    topic.put("a")
    added(add(loop, project, topic))
    with command(
        "add",
        project,
        "--topic",
        topic.address,
        "--every",
        "1d",
        *where(loop),
        output=tmp_path / "output.txt",
    ):
        topic.put("b")
        loop.append(project, *_picked(loop, project))
        loop.wait(project, lambda state: len(state.grown) == 2)
    assert loop.state(project).grown[1].from_batch == 1


def _picked(loop: ServiceLoop, project: str) -> list[Any]:
    """The next batch asks for all texts that there are, and they are labelled."""
    from tests.support.states import all_answered, queried

    size, version = pool_of(loop.state(project)).size, pool_of(loop.state(project)).version
    return [
        queried("0", tuple(range(size)), pool_version=version),
        all_answered("0", tuple(range(size))),
    ]


@pytest.mark.all_cells
def test_two_at_once_add_each_text_once(loop: ServiceLoop, topic: TextTopic, tmp_path: Path) -> None:
    project = loop.create(ROWS)
    options = ("add", project, "--topic", topic.address, "--every", "1s", *where(loop))
    outputs = tmp_path / "one.txt", tmp_path / "two.txt"
    with command(*options, output=outputs[0]), command(*options, output=outputs[1]):
        for first in range(0, 60, 10):
            topic.put(*(f"mail {number}" for number in range(first, first + 10)))
            wanted = 2 + first + 10
            loop.wait(project, lambda state, wanted=wanted: pool_of(state).size == wanted)  # type: ignore[misc]
    assert sorted(texts(loop, project)[2:]) == sorted(f"mail {number}" for number in range(60))
    assert json.loads(labelloop("replay", "--verify", "--json", *where(loop)).stdout)["verified"]


def test_of_a_project_with_labels_an_unknown_one_and_no_number_are_refused(
    loop: ServiceLoop, topic: TextTopic
) -> None:
    project = loop.create([("first", "spam"), ("second", "ham")], labels=("ham", "spam"))
    assert isinstance(loop.state(project).project.pool, Snapshot)
    topic.put({"text": "third", "label": "ham"}, {"text": "fourth", "label": "junk"})

    result = add(loop, project, topic)

    assert names(result.stderr.splitlines()[-1], "offset 1", "'junk'")
    assert pool(loop, project).gold([2]) == ["ham"]


@pytest.mark.all_cells
def test_it_waits_for_a_kafka_that_is_away_says_so_once_and_goes_on(
    loop: ServiceLoop, own_broker: Broker, tmp_path: Path
) -> None:
    project = loop.create(ROWS)
    topic = TextTopic(own_broker.servers)
    topic.create()
    topic.put("a")
    output = tmp_path / "output.txt"
    options = ("add", project, "--topic", topic.address, "--every", "1s", *where(loop))
    with command(*options, output=output) as process:
        loop.wait(project, lambda state: len(state.grown) == 1)
        own_broker.kill()
        eventually(lambda: "does not answer" in output.read_text(), "the outage is told")
        own_broker.start()
        topic.put("b")
        loop.wait(project, lambda state: len(state.grown) == 2)
        assert process.poll() is None
    assert texts(loop, project)[2:] == ["a", "b"]
    assert output.read_text().count("[warning]") == 1


def test_what_a_topic_deletes_while_it_is_read_is_told(
    loop: ServiceLoop, topic: TextTopic, tmp_path: Path
) -> None:
    """A reader that stands still is overtaken by the topic's retention."""
    project = loop.create(ROWS)
    output = tmp_path / "output.txt"
    topic.put("a")
    options = ("add", project, "--topic", topic.address, "--every", "1s", *where(loop))
    with command(*options, output=output) as process:
        loop.wait(project, lambda state: len(state.grown) == 1)
        process.send_signal(signal.SIGSTOP)
        topic.put(*(f"mail {number}" for number in range(5)))
        topic.forget(before=4)
        process.send_signal(signal.SIGCONT)
        loop.wait(project, lambda state: len(state.grown) == 2)
    assert set(texts(loop, project)[2:]) >= {"a", "mail 3", "mail 4"}


def test_a_topic_that_is_missing_is_not_made_by_asking_for_it(loop: ServiceLoop, tmp_path: Path) -> None:
    needs_java()
    broker = Broker(tmp_path / "kafka", more={"auto.create.topics.enable": "true"})
    try:
        broker.start()
        project, missing = loop.create(ROWS), TextTopic(broker.servers)
        for _ in range(2):
            assert names(error_line(add(loop, project, missing)), missing.name, "create it")
    finally:
        broker.kill()
