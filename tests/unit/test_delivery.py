"""What a consumer meets on one machine only."""

from pathlib import Path

from labelloop.log.dead_letters import Standing
from labelloop.log.sqlite import SqliteLog
from labelloop.slot import Slot, read_slot
from tests.support.consumers import GROUP, Consumer, delivering, odd, until_letters
from tests.support.controllers import until
from tests.support.disks import fill
from tests.support.logs import some_event


async def test_nothing_is_passed_over_while_the_disk_is_too_full_for_a_dead_letter(
    tiny_disk: Path, tmp_path: Path
) -> None:
    log = SqliteLog(tiny_disk / "log.sqlite")
    await log.append(some_event("p", 0), some_event("p", 1))
    filler = fill(tiny_disk)
    consumer = Consumer(failing={0: odd(2)})

    async with delivering(log, consumer, slot=Slot(tmp_path, GROUP), attempts=2):
        await until(lambda: "no space left" in read_slot(tmp_path, GROUP).get("waiting", ""))
        assert consumer.calls == [0, 0]
        filler.unlink()
        await until(lambda: consumer.handled == [1])

    (letter,) = await until_letters(log, bool)
    assert (letter.standing, letter.attempts) == (Standing.DEAD, 2)
    await log.close()


async def test_a_reason_is_one_line_of_some_length(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite")
    await log.append(some_event("p", 0), some_event("p", 1))
    consumer = Consumer(failing={0: [ValueError("x\n" * 9000)], 1: [AssertionError()]})

    async with delivering(log, consumer, attempts=1):
        long, empty = await until_letters(log, lambda letters: len(letters) == 2)

    assert long.reason.startswith("ValueError: x x x")
    assert len(long.reason) < 1100
    assert empty.reason == "AssertionError"
    await log.close()
