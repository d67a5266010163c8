"""What `labelloop add` says of the pool after it."""

from labelloop.cli.add import lines
from tests.support.messages import names
from tests.support.schedules import begun


def test_it_tells_since_when_there_are_more_texts_and_how_many() -> None:
    loop = begun()
    loop.act("query")
    loop.grow("g", size=2_000)

    (line,) = lines(loop.state, 2_000)

    assert names(line, loop.state.project_id, "2,000 more texts", "batch 1", "2,040")


def test_that_nothing_is_new_is_told_as_well() -> None:
    (line,) = lines(begun().state, 0)

    assert names(line, "nothing changes", 40)


def test_a_project_that_has_all_its_batches_is_told_how_it_goes_on() -> None:
    loop = begun(max_batches=2)
    loop.finish()
    loop.grow("g", size=1)

    line, why = lines(loop.state, 1)

    assert names(line, "1 more text from", "batch 2")
    assert names(why, "none", "all of its 2 batches", "labelloop change questions --batches 4")
