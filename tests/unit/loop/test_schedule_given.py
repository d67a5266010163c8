"""What is due in a project that begins with labels that were given."""

from labelloop.loop.history import History
from labelloop.loop.schedule import (
    next_batch,
    next_model,
)
from labelloop.projects.catalog import created
from labelloop.projects.given_batches import copied, imported
from tests.support.loops import PROJECT, Loop, mixed, project
from tests.support.schedules import at_the_end, due_batch, due_model, items_of


def test_what_is_given_is_learned_at_once_and_its_model_picks_the_first_batches() -> None:
    given = imported({item: (str(mixed(item)),) for item in (0, 1, 2, 3, 4)})
    loop = Loop(project(lookahead=1), mixed, given)

    assert (due_batch(loop), due_model(loop)) == (None, "0")
    loop.act("train")
    assert due_batch(loop) == ("1", "0")
    loop.act("query")
    assert due_batch(loop) == ("2", "0")
    loop.act("query")
    assert due_batch(loop) is None

    loop.finish()

    picked_by = {name: batch.queried.model for name, batch in loop.state.batches.items()}
    assert picked_by == {"0": None, "1": "0", "2": "0", "3": "1", "4": "2", "5": "3"}
    assert not {0, 1, 2, 3, 4} & {item for name in "12345" for item in items_of(loop, name)}


def test_of_several_given_batches_only_the_last_has_a_model() -> None:
    other = at_the_end()
    loop = Loop(project(max_batches=4), mixed, copied(other.state, 2))

    loop.finish()

    assert [name for name in loop.state.models if name.isdigit()] == ["1", "2", "3"]
    assert loop.state.models["1"].learned == {"0": 0, "1": 0}


def test_what_is_given_of_one_class_makes_the_next_batches_cold_starts() -> None:
    loop = Loop(project(), mixed, imported({0: ("ham",), 2: ("ham",)}))

    assert (due_batch(loop), due_model(loop)) == (("1", None), None)


def test_nothing_is_due_while_what_is_given_has_not_arrived() -> None:
    loop = Loop(project(), mixed, imported({item: (str(mixed(item)),) for item in range(4)}))
    history = History(PROJECT)

    for event in loop.events[:2]:
        history.add(event)
        assert (next_batch(created(history)), next_model(created(history))) == (None, None)
