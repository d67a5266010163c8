"""A pool that grows while people label, on either log, through kills: at work, and once it had run out."""

import asyncio
import csv
import json
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.loop.pools import pool_of
from labelloop.loop.schedule import finished
from labelloop.store import open_store
from tests.e2e.conftest import label
from tests.support.command import command, labelloop
from tests.support.loop import Loop
from tests.support.people import Person
from tests.support.states import LABELS
from tests.support.tiny_bert import TINY

pytestmark = pytest.mark.timeout(600)

SERVICES = ("querier", "annotation_watcher", "trainer", "evaluator")
SIZE = 5


def mail(folder: Path, first: int, last: int) -> Path:
    """A file with the mails of these numbers."""
    path = folder / f"{first}-{last}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "team"])
        writer.writerows(
            [f"a mail about {LABELS[item % 3]}, number {item}", f"T{item}"] for item in range(first, last)
        )
    return path


@pytest.mark.all_cells
def test_further_texts_are_asked_and_learned_through_kills(loop: Loop, tmp_path: Path) -> None:
    learner = ("--model", TINY, "--classifier", "linear", "--cold-start", "random", "--lookahead", 0)
    data = ("--dataset", mail(tmp_path, 0, 8), "--labels", ",".join(LABELS), "--keep-columns", "team")
    options = (*data, *learner, "--batch-size", SIZE, "--audit-share", 0.4, "--json")
    project = str(json.loads(loop.command("init", *options))["project"])
    ann = Person(loop.argilla)
    loop.start(*SERVICES)
    label(loop, project, ann, 0)

    # It has run out of texts with its second batch, and further ones come while all are dead.
    label(loop, project, ann, 1)
    loop.wait(project, finished)
    for service in SERVICES:
        loop.kill(service)
    loop.command("add", project, mail(tmp_path, 6, 16), "--why", "the mail of May")
    before = loop.state(project).length
    loop.command("add", project, mail(tmp_path, 6, 16))
    assert loop.state(project).length == before, "by cron, again and again"
    loop.start(*SERVICES)
    label(loop, project, ann, 2)

    # Texts are added by a command that is killed at any moment, and then once more.
    more = mail(tmp_path, 10, 26)
    pools = Path(loop.settings.store) / project / "pool"
    with command("add", project, more, *loop.where, output=tmp_path / "add.txt") as process:
        loop.until(lambda: process.poll() is not None or len(list(pools.glob("*.arrow"))) == 3)
        process.kill()
    loop.kill("querier")
    loop.command("add", project, more)
    loop.start("querier")
    for batch in range(3, 6):
        label(loop, project, ann, batch)
    state = loop.wait(project, lambda state: finished(state) and len(state.audits) >= 3)

    assert [growth.snapshot.size for growth in state.grown] == [8, 10]
    asked = [item for batch in state.batches.values() for item in batch.items]
    assert sorted(asked) == list(range(26)), "each once"
    versions = [batch.queried.pool_version for batch in state.batches.values()]
    assert versions[:2] == [state.project.pool.digest] * 2
    assert versions[4:] == [pool_of(state).version] * 2
    assert json.loads(loop.command("replay", "--verify", "--json"))["verified"]
    loop.command("export", "--output", tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(newline="", encoding="utf-8") as file:
        exported = list(csv.DictReader(file))
    assert {row["team"] for row in exported} == {f"T{item}" for item in range(26)}
    assert all(row["text"].endswith(f"number {row['team'][1:]}") for row in exported)
    assert json.loads(loop.command("status", "--json"))["projects"][0]["pool"] == 26

    # A snapshot that is damaged is named.
    damaged = Path(loop.settings.store) / state.grown[0].snapshot.uri
    damaged.write_bytes(damaged.read_bytes().replace(b"mail", b"MAIL"))
    result = labelloop("replay", "--verify", *loop.where)
    assert result.exit_code == 2
    assert state.grown[0].id in result.output
    with pytest.raises(UserError):
        asyncio.run(asyncio.to_thread(open_store(loop.settings.store).open_pool, pool_of(state)))
