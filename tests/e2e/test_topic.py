"""A pool that grows from a topic without end, on either log, while people label: killed, and run twice."""

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from labelloop.loop.pools import offsets_read, pool_of
from labelloop.loop.state import LoopState
from labelloop.store import open_store
from tests.e2e.conftest import label
from tests.support.command import command
from tests.support.loop import Loop
from tests.support.people import Person
from tests.support.states import LABELS
from tests.support.text_topics import TextTopic
from tests.support.tiny_bert import TINY

pytestmark = pytest.mark.timeout(600)

SERVICES = ("querier", "annotation_watcher", "trainer", "evaluator")
SIZE = 4
PORTION = 6


def mails(first: int, last: int) -> list[dict[str, object]]:
    """Messages with the mails of these numbers."""
    return [
        {"text": f"a mail about {LABELS[item % 3]}, number {item}", "team": f"T{item}"}
        for item in range(first, last)
    ]


def test_texts_stream_in_while_people_label_through_kills(loop: Loop, kafka: str, tmp_path: Path) -> None:
    topic = TextTopic(kafka)
    topic.create(partitions=2)
    beginning = tmp_path / "mail.jsonl"
    beginning.write_text("".join(f"{json.dumps(mail)}\n" for mail in mails(0, 8)))
    learner = ("--model", TINY, "--classifier", "linear", "--cold-start", "random", "--lookahead", 0)
    data = ("--dataset", beginning, "--labels", ",".join(LABELS), "--keep-columns", "team")
    project = str(
        json.loads(loop.command("init", *data, *learner, "--batch-size", SIZE, "--json"))["project"]
    )
    ann = Person(loop.argilla)
    loop.start(*SERVICES)
    stream = ("add", project, "--topic", topic.address, "--every", "1s", *loop.where)
    written = 8

    def write() -> None:
        nonlocal written
        again, new = mails(written - 2, written), mails(written, written + PORTION)
        topic.put(*again, *new[::2], partition=0)
        topic.put(*new[1::2], partition=1)
        written += PORTION

    def is_read(state: LoopState) -> bool:
        return pool_of(state).size == written

    with ExitStack() as running:
        first = running.enter_context(command(*stream, output=tmp_path / "first.txt"))
        write()
        loop.wait(project, is_read)
        label(loop, project, ann, 0)

        # Killed while it has read something, started anew, and once more beside it.
        write()
        first.kill()
        first.wait()
        second = running.enter_context(command(*stream, output=tmp_path / "second.txt"))
        third = running.enter_context(command(*stream, output=tmp_path / "third.txt"))
        for batch in range(1, 5):
            write()
            label(loop, project, ann, batch)
        loop.wait(project, is_read)
        second.kill()
        loop.kill("querier")
        write()
        loop.wait(project, is_read)
        loop.start("querier")
        state = label(loop, project, ann, 5)
        assert third.poll() is None
        loop.command("end", "--project", project)
        assert third.wait(60) == 0, (tmp_path / "third.txt").read_text()

    texts = open_store(loop.settings.store).open_pool(pool_of(state)).all_texts()
    assert sorted(texts) == sorted(str(mail["text"]) for mail in mails(0, written)), "each once"
    versions = [batch.queried.pool_version for batch in state.batches.values()]
    assert len(set(versions)) > 2, "picks saw texts that came meanwhile"
    cluster = state.grown[0].topic.cluster if state.grown[0].topic else ""
    assert len(offsets_read(state, cluster, topic.name)) == 2
    assert json.loads(loop.command("replay", "--verify", "--json"))["verified"]
    (told,) = json.loads(loop.command("status", "--json"))["projects"][0]["topics"]
    assert (told["topic"], told["texts"]) == (topic.name, written - 8)
    loop.command("export", "--output", tmp_path / "labels.jsonl")
    exported = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert len(exported) == sum(len(batch.items) for batch in state.batches.values())
    assert all(row["text"].endswith(f"number {row['team'][1:]}") for row in exported)
