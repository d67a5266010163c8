"""Argilla's database is lost: what the log has comes back, and the log says no more than before."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labelloop.loop.state import LoopState
from labelloop.oracle.argilla import Argilla
from labelloop.oracle.argilla.oracle import ArgillaProject
from labelloop.oracle.server.environment import DATABASE
from labelloop.runtime.controller import Outcome
from services.annotation_watcher.due import due
from tests.support.argilla_server import ArgillaServer
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Owner, Person, label_all
from tests.support.states import LABELS

SIZE = 3


def outcomes(loop: Loop, project: str, state: LoopState) -> list[Outcome]:
    """What the watcher makes of the done batches as they are in Argilla."""

    async def look() -> list[Outcome]:
        async with Argilla(loop.argilla.url, loop.argilla.login.api_key) as argilla:
            records = ArgillaProject(argilla, project)
            accounts, now = await records.accounts(), datetime.now(UTC)
            return [
                outcome
                for batch in state.batches.values()
                if batch.done
                for outcome in due(state, batch, await records.seen(batch) or {}, accounts, now)
            ]

    return asyncio.run(look())


@pytest.mark.all_cells
def test_done_batches_come_back_without_a_revision(tmp_path: Path, own_argilla_server: ArgillaServer) -> None:
    server = own_argilla_server
    with a_loop(tmp_path / "loop", server) as loop:
        project = loop.create(texts(9), batch_size=SIZE, max_batches=3, lookahead=2)
        owner, ann = Owner(server, project), Person(server)
        loop.start("querier", "annotation_watcher")
        for batch in range(2):
            loop.until(lambda b=batch: len(owner.records(b)) == SIZE)  # type: ignore[misc]
            label_all(ann, owner.records(batch), lambda item: LABELS[item % 3])
            loop.wait(project, lambda state, b=batch: state.batches[str(b)].done)  # type: ignore[misc]
        before = [owner.answers(batch) for batch in range(2)]
        server.kill()
        for file in server.home.glob(f"{DATABASE}*"):
            file.unlink()
        server.start()

        loop.until(lambda: [owner.answers(batch) for batch in range(2)] == before)

        assert owner.account(ann.name) not in (None, ann.id)
        assert outcomes(loop, project, loop.state(project)) == []
        # And what is taken back now is taken back.
        back = Person(server, ann.name)
        item, record = next(iter(owner.records(1).items()))
        back.withdraw(record["responses"][0]["id"])
        state = loop.wait(project, lambda state: len(state.batches["1"].revisions) > 1)
        assert [each.item for each in state.batches["1"].answers if not each.votes] == [item]
        assert len(loop.payloads(project, "BatchAnnotated")) == 3
        assert outcomes(loop, project, state) == []
