"""The order of work, whatever happened and whoever was first."""

from hypothesis import event as noted
from hypothesis import given
from hypothesis import strategies as st

from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.loop.labels import asked_items, at_revisions, current, latest_revisions
from labelloop.loop.names import expanded
from labelloop.loop.pace import expected_answers, waiting_texts
from labelloop.loop.pools import pool_for_next, pool_of_version, remaining
from labelloop.loop.schedule import (
    expected_model,
    finished,
    grows,
    is_last_queried,
    next_batch,
    next_model,
    next_relabel,
    open_batches,
    picked_by,
)
from labelloop.loop.settings_in_force import lookahead_at
from labelloop.loop.state import Labels, LoopState, Trained
from labelloop.projects.catalog import created
from schemas import events as e
from tests.support.loop_strategies import golds, loops, projects
from tests.support.loops import PROJECT, Loop, drawn
from tests.support.matrices import examples

MANY = examples(200)


def tells_apart(labels: Labels, created: e.ProjectCreated) -> bool:
    """Whether there are two classes, or of several labels one that some texts have and others have not."""
    sets = [set(names) for names in labels.values()]
    occurring, common = set().union(*sets), set.intersection(*sets) if sets else set()
    return occurring != common if created.is_multi_label else len(occurring) > 1


def numbered_models(state: LoopState) -> dict[int, Trained]:
    return {int(name): trained for name, trained in state.models.items() if name.isdigit()}


@MANY
@given(created=projects(may_grow=False), gold=golds, seeds=st.tuples(st.integers(), st.integers()))
def test_whoever_acts_first_the_same_is_picked_and_learned(created, gold, seeds) -> None:  # type: ignore[no-untyped-def]
    runs = [Loop(created, gold), Loop(created, gold)]

    for loop, seed in zip(runs, seeds, strict=True):
        loop.finish(drawn(seed))

    one, other = (loop.state for loop in runs)
    assert loop_digest(one) == loop_digest(other)
    assert {name: t.first.digest for name, t in one.models.items()} == {
        name: t.first.digest for name, t in other.models.items()
    }


@MANY
@given(loop=loops(until_finished=True))
def test_every_loop_comes_to_an_end_at_which_nothing_is_due(loop: Loop) -> None:
    state = loop.state

    assert finished(state)
    assert next_batch(state) is None
    assert next_model(state) is None
    assert state.ended or is_last_queried(state)
    assert not open_batches(state)


@MANY
@given(loop=loops(until_finished=True))
def test_the_last_model_has_learned_the_labels_as_they_are(loop: Loop) -> None:
    state, labels = loop.state, current(loop.state)
    noted(f"two classes: {tells_apart(labels, state.project)}, final: {'final-1' in state.models}")

    if tells_apart(labels, state.project):
        assert state.latest_model is not None
        assert at_revisions(state, state.models[state.latest_model].learned) == labels


@MANY
@given(loop=loops(), most=st.integers(1, 30))
def test_what_remains_is_what_nobody_asked_for_however_much_is_wanted(loop: Loop, most: int) -> None:
    state = loop.state
    left = pool_for_next(state).size - len(asked_items(state))

    noted(f"all asked for: {not left}, some twice: {state.picks > len(asked_items(state))}")
    assert remaining(state) == left
    assert remaining(state, most) == min(most, left)


@MANY
@given(loop=loops(until_finished=True))
def test_no_text_is_asked_twice(loop: Loop) -> None:
    barred: set[int] = set()
    history = History(PROJECT)
    for event in loop.events:
        history.add(event)
        data = event.payload
        if not getattr(data, "batch", "").isdigit():
            continue
        if isinstance(data, e.BatchQueried):
            items = {pick.item for pick in data.items}
            assert len(items) == len(data.items)
            assert not items & barred
            assert items <= set(range(pool_of_version(created(history), data.pool_version).size))
            barred |= items
        elif isinstance(data, e.BatchAnnotated) and data.revision == 0:
            batch = created(history).batches[data.batch]
            if batch.closed or created(history).ended:
                barred -= batch.items - {answer.item for answer in data.items}


@MANY
@given(loop=loops(until_finished=True))
def test_batches_come_in_order_and_are_full_but_the_last(loop: Loop) -> None:
    batches = [batch for batch in loop.state.batches.values() if batch.name.isdigit()]
    given = len(loop.given)
    asked = batches[given:]

    assert [batch.name for batch in batches] == [str(number) for number in range(len(batches))]
    changed = [change.settings.batch_size or 0 for change in loop.state.changes]
    size = max(loop.created.batch_size, *changed, 0)
    assert all(0 < len(batch.queried.items) <= size for batch in asked)
    assert loop.created.max_batches is None or not asked or len(batches) <= loop.created.max_batches
    if (
        not any(batch.closed for batch in asked)
        and not loop.state.ended
        and not changed
        and not loop.state.grown
    ):
        assert all(len(batch.queried.items) == size for batch in asked[:-1])


@MANY
@given(loop=loops(until_finished=True))
def test_each_batch_is_picked_by_the_model_of_its_turn(loop: Loop) -> None:
    history, offered, given = History(PROJECT), set(), len(loop.given)
    history.add(loop.events[0])
    for event in loop.events[1:]:
        state = created(history)
        work = next_batch(state)
        if work is not None:
            offered.add((work.batch, work.model))
            turn = turn_of(state, int(work.batch), given)
            assert is_in_turn(state, turn, work.model) or is_chosen(state, turn, work.model)
        data = event.payload
        if isinstance(data, e.BatchQueried) and data.batch.isdigit() and int(data.batch) >= given:
            assert (data.batch, data.model) in offered
        history.add(event)


def turn_of(state: LoopState, batch: int, given: int) -> int:
    """The model whose turn it is. After a change of the lookahead none is older than the last one."""
    lookahead = lookahead_at(state, batch)
    turn = max(batch - 1 - lookahead.batches, given - 1)
    if not lookahead.since:
        return turn
    found = expected_model(state, batch)
    assert found >= max(turn, picked_by(state, batch - 1))
    assert found in (turn, picked_by(state, lookahead.since - 1)) or found in numbered_models(state)
    return found


def is_in_turn(state: LoopState, turn: int, model: str | None) -> bool:
    """Whether a batch may be picked now by this model, or as a cold start."""
    if model is not None:
        return model == str(turn)
    if turn < 0 or turn in state.skipped:
        return True
    again = [batch.name for batch in state.batches.values() if batch.done and not batch.name.isdigit()]
    learned = latest_revisions(state, [*(str(number) for number in range(turn + 1)), *again])
    return not tells_apart(at_revisions(state, learned), state.project)


def is_chosen(state: LoopState, turn: int, model: str | None) -> bool:
    """Whether the lookahead grows, and this is the newest model, and as new as it should be or in haste."""
    if not grows(state) or model is None:
        return False
    if str(state.numbered) in state.chosen:
        return model == state.chosen[str(state.numbered)].model
    newest = max(numbered_models(state))
    return model == str(newest) and (newest > turn or waiting_texts(state) < expected_answers(state))


@MANY
@given(loop=loops(until_finished=True))
def test_what_was_chosen_is_what_picked(loop: Loop) -> None:
    picked = loop.state.batches.values()
    changed = any(change.settings.lookahead is not None for change in loop.state.changes)
    asked = [batch for batch in picked if batch.is_numbered and batch.number >= len(loop.given)]
    by_models = {batch.name: batch.queried.model for batch in asked if batch.queried.model is not None}

    chosen = {batch: choice.model for batch, choice in loop.state.chosen.items()}
    if changed:
        assert chosen.items() <= by_models.items()
    else:
        assert chosen == (by_models if loop.created.lookahead_grows else {})


@MANY
@given(loop=loops(until_finished=True))
def test_a_numbered_model_learns_the_batches_up_to_its_number_and_what_was_answered_again(loop: Loop) -> None:
    state = loop.state

    for number, trained in numbered_models(state).items():
        assert list(trained.learned)[: number + 1] == [str(batch) for batch in range(number + 1)]
        again = list(trained.learned)[number + 1 :]
        assert again == [name for name in state.batches if name in again and not name.isdigit()]
        labels = at_revisions(state, trained.learned)
        assert tells_apart(labels, state.project)
        assert labels.keys() <= set().union(
            *(state.batches[str(batch)].kept_items for batch in range(number + 1))
        )
        assert all(expanded(attempt.learned) == trained.learned for attempt in trained.attempts)


@MANY
@given(loop=loops(until_finished=True))
def test_models_learn_the_revisions_that_are_newest_when_they_begin(loop: Loop) -> None:
    history = History(PROJECT)
    history.add(loop.events[0])
    for event in loop.events[1:]:
        state = created(history)
        work = next_model(state)
        if work is not None and work.attempt == 0:
            assert work.learned == latest_revisions(state, work.learned)
        history.add(event)


@MANY
@given(loop=loops(until_finished=True))
def test_numbered_models_are_trained_upwards(loop: Loop) -> None:
    numbers = list(numbered_models(loop.state))

    assert numbers == sorted(numbers)


@MANY
@given(loop=loops())
def test_what_is_due_names_an_event_of_the_log_as_its_cause(loop: Loop) -> None:
    history, ids = History(PROJECT), set()
    for event in loop.events:
        history.add(event)
        ids.add(event.id)
        state = created(history)
        for work in (next_batch(state), next_relabel(state), next_model(state)):
            assert work is None or work.cause in ids


@MANY
@given(loop=loops(until_finished=True), data=st.data())
def test_a_revision_after_the_last_batch_makes_a_final_model_due_exactly_when_labels_differ(
    loop: Loop, data: st.DataObject
) -> None:
    done = [batch for batch in loop.state.batches.values() if batch.revisions[-1].items]
    if not done or loop.state.latest_model is None:
        return
    batch = data.draw(st.sampled_from(done))
    answers = {answer.item: answer.labels or None for answer in batch.revisions[-1].items}
    item = data.draw(st.sampled_from(sorted(answers)))
    answers[item] = data.draw(st.sampled_from([("ham",), ("spam",), None, ()]))
    latest = loop.state.models[loop.state.latest_model]

    loop.answer(batch, answers)

    work, labels = next_model(loop.state), current(loop.state)
    is_due = labels != at_revisions(loop.state, latest.learned) and tells_apart(labels, loop.state.project)
    noted(f"due: {is_due}")
    assert (work is not None) == is_due
    if work is not None and not finished(loop.state):
        assert work.cause == loop.events[-1].id or not work.model.startswith("final-")
        loop.finish()
    assert finished(loop.state)


@MANY
@given(loop=loops())
def test_a_pause_and_an_end_stop_new_picks(loop: Loop) -> None:
    if loop.state.paused or loop.state.ended:
        assert next_batch(loop.state) is None
        assert next_relabel(loop.state) is None
