"""What a project sees of its records: at once what people answer, and within seconds what else changes."""

import pytest

from labelloop.oracle.argilla import Argilla, Dataset
from labelloop.oracle.argilla.oracle import AT_ONCE, FRESH, ArgillaProject
from labelloop.oracle.base import AskedText, ShownText
from labelloop.oracle.lost_votes import SeenRecord
from tests.integration.oracle.argilla.conftest import text
from tests.support.clock import Clock
from tests.support.states import project, queried, state_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def seeing(argilla: Argilla, dataset: Dataset, clock: Clock) -> ArgillaProject:
    await argilla.put_records(dataset, [text(0, item) for item in range(3)])
    return ArgillaProject(argilla, dataset.name, clock=clock)


async def seen(seeing: ArgillaProject) -> dict[int, SeenRecord]:
    found = await seeing.seen(state_of(project(), queried()).batches["0"])
    assert found is not None
    return found


async def test_an_answer_is_seen_at_the_next_look(
    argilla: Argilla, seeing: ArgillaProject, clock: Clock
) -> None:
    before = await seen(seeing)
    await argilla.respond(before[1].record, ("ham",))

    clock.now += 2 * AT_ONCE

    after = await seen(seeing)
    assert [len(record.votes) for _, record in sorted(after.items())] == [0, 1, 0]
    assert after[1].votes[0].labels == ("ham",)


async def test_an_answer_of_the_same_moment_is_seen_by_who_reads_anew(
    argilla: Argilla, seeing: ArgillaProject
) -> None:
    before = await seen(seeing)
    await argilla.respond(before[1].record, ("ham",))
    assert not (await seen(seeing))[1].votes

    seeing.forget()

    assert (await seen(seeing))[1].votes


async def test_a_deleted_record_is_missed_within_seconds(
    argilla: Argilla, dataset: Dataset, seeing: ArgillaProject, clock: Clock
) -> None:
    before = await seen(seeing)
    await argilla.delete_records(dataset, [before[1].record])

    clock.now += 2 * AT_ONCE
    assert (await seen(seeing)).keys() == {0, 1, 2}
    clock.now += FRESH
    assert (await seen(seeing)).keys() == {0, 2}


async def test_what_is_written_by_oneself_is_seen_at_once(
    argilla: Argilla, seeing: ArgillaProject, clock: Clock
) -> None:
    before = await seen(seeing)
    await seeing.set_up(project(labels=("spam", "ham", "eggs")))
    await seeing.remove([before[1].record])

    assert (await seen(seeing)).keys() == {0, 2}


async def test_a_batch_is_told_by_rank_and_no_other_text_with_it(
    argilla: Argilla, dataset: Dataset, clock: Clock
) -> None:
    seeing = ArgillaProject(argilla, dataset.name, clock=clock)
    assert await ArgillaProject(argilla, "nowhere").shown("3", 3) == ()
    await seeing.set_up(project(labels=("spam", "ham", "eggs")))
    ranked = [AskedText("3", 3, item, rank, "text", "uncertain") for item, rank in ((7, 1), (9, 0))]
    others = [AskedText("relabel-1", 3, 5, 0, "text", "relabel"), AskedText("4", 4, 6, 0, "text")]
    await seeing.put([*ranked, AskedText("3", 3, 2, 2, "audit"), *others])

    shown = await seeing.shown("3", 3)

    assert shown == [ShownText(9, 0, "uncertain"), ShownText(7, 1, "uncertain"), ShownText(2, 2, None)]
    assert await seeing.shown("5", 5) == []
