"""The garbage collector while a long log is read."""

import gc
from contextlib import aclosing
from pathlib import Path

from labelloop.log import create_log, open_log
from labelloop.log.calm_collector import SELDOM, collecting_seldom
from tests.support.logs import some_event


def test_the_last_of_several_reads_puts_the_thresholds_back() -> None:
    usual = gc.get_threshold()
    first, second = collecting_seldom(), collecting_seldom()

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == SELDOM
    second.__exit__(None, None, None)

    assert gc.get_threshold() == usual


def test_thresholds_that_a_program_has_set_come_back() -> None:
    usual = gc.get_threshold()
    gc.set_threshold(1234, 5, 6)
    try:
        with collecting_seldom():
            assert gc.get_threshold() == SELDOM
        assert gc.get_threshold() == (1234, 5, 6)
    finally:
        gc.set_threshold(*usual)


async def test_a_read_that_is_given_up_leaves_the_collector_as_it_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/log.sqlite"
    await create_log(url)
    log = open_log(url)
    await log.append(some_event("p", 1), some_event("p", 2))
    usual = gc.get_threshold()

    async with aclosing(log.read()) as records:
        await anext(records)
        assert gc.get_threshold() == SELDOM

    assert gc.get_threshold() == usual
    await log.close()
