"""Labels that are called otherwise, become more, and are retired, while people label."""

import pytest

from labelloop.loop.digest import loop_digest
from labelloop.loop.label_lists import LabelList, label_list, of_trained, places
from labelloop.loop.labels import current, ignored_at, learned_labels
from labelloop.loop.proof import Proof
from labelloop.loop.schedule import finished, next_batch, next_model, open_batches
from labelloop.loop.settings_in_force import for_next, of_model
from schemas import events as e
from schemas.model import replaced
from tests.support.loops import PROJECT, Loop, mixed, project
from tests.support.states import LABELS, vote


def change(loop: Loop, *names: str, retired: tuple[int, ...] = ()) -> None:
    number = len(loop.state.label_changes) + 1
    loop.append(e.LabelsChanged(request=str(number), who="ann", number=number, names=names, retired=retired))


def one_round(loop: Loop) -> None:
    """The batch that is due is picked and answered, and its model trained."""
    while (work := next_batch(loop.state)) is not None:
        for data in loop.picked(work):
            loop.append(data, work.cause)
    for batch in open_batches(loop.state):
        loop.answer(batch)
    while (training := next_model(loop.state)) is not None:
        loop.append(loop.train(training), training.cause)


@pytest.fixture
def loop() -> Loop:
    """A loop of ham and spam whose first model is trained."""
    loop = Loop(project(lookahead=0), mixed)
    one_round(loop)
    return loop


def is_proven(loop: Loop) -> bool:
    proof = Proof(PROJECT)
    return all(proof.add(event) for event in loop.events)


def test_without_a_change_the_labels_are_those_of_the_beginning(loop: Loop) -> None:
    listed = label_list(loop.state)

    assert listed.names == listed.shown == ("ham", "spam")
    assert (listed.number, listed.place, len(places(loop.state))) == (0, 0, 1)
    assert for_next(loop.state) is loop.state.project


def test_a_renamed_label_keeps_its_texts_its_digest_and_the_place_where_people_answer(loop: Loop) -> None:
    before, digest = dict(current(loop.state)), loop_digest(loop.state)

    change(loop, "ham", "junk")

    assert current(loop.state) == before
    assert loop_digest(loop.state) == digest
    listed = label_list(loop.state)
    assert listed.show(("spam",)) == ("junk",)
    assert listed.choices == {"ham": "ham", "spam": "junk"}
    assert [each.shown for each in places(loop.state)] == [("ham", "junk")]


def test_a_label_that_was_renamed_twice_is_still_the_one_of_the_beginning(loop: Loop) -> None:
    change(loop, "ham", "junk")
    change(loop, "ham", "rubbish", "news")
    change(loop, "ham", "waste", "news")

    listed = label_list(loop.state)

    assert listed.called == {"ham": "ham", "spam": "waste", "news": "news"}
    assert [each.place for each in places(loop.state)] == [0, 2]
    assert places(loop.state)[0].shown == ("ham", "junk")


def test_a_model_knows_the_labels_that_there_were_when_it_was_trained(loop: Loop) -> None:
    change(loop, "ham", "spam", "news")

    assert of_model(loop.state, "0").labels == ("ham", "spam")
    one_round(loop)

    assert of_trained(loop.state, loop.state.models["1"]).names == ("ham", "spam", "news")
    assert of_model(loop.state, "0").labels == ("ham", "spam")
    assert for_next(loop.state).labels == ("ham", "spam", "news")


def test_texts_of_a_retired_label_are_unlabelled_and_what_was_learned_stays_true(loop: Loop) -> None:
    change(loop, "ham", "spam", "news")
    before = dict(current(loop.state))
    spam = {item for item, labels in before.items() if labels == ("spam",)}
    assert spam
    assert spam < before.keys()

    change(loop, "ham", "spam", "news", retired=(1,))

    assert current(loop.state) == {item: labels for item, labels in before.items() if item not in spam}
    assert set(ignored_at(loop.state, {"0": 0})) >= spam
    assert learned_labels(loop.state, loop.state.models["0"]) == before
    assert label_list(loop.state).choices == {"ham": "ham", "news": "news"}
    assert is_proven(loop)


def test_the_proof_takes_a_log_in_which_labels_change_all_the_time(loop: Loop) -> None:
    change(loop, "ham", "junk", "news")
    one_round(loop)
    change(loop, "ham", "junk", "news", "bill", retired=(2,))
    one_round(loop)
    change(loop, "ham", "junk", "news", "invoice", retired=(2,))
    while not finished(loop.state):
        one_round(loop)

    assert is_proven(loop)
    assert of_trained(loop.state, loop.state.models["2"]).number == 2


def test_after_the_last_batch_another_model_learns_the_labels_of_now(loop: Loop) -> None:
    while not finished(loop.state):
        one_round(loop)
    names = list(loop.state.models)

    change(loop, "ham", "junk")
    one_round(loop)

    assert list(loop.state.models) == [*names, "final-1"]
    assert finished(loop.state)


def test_a_training_that_began_before_a_change_says_so(loop: Loop) -> None:
    work = next_batch(loop.state)
    assert work is not None
    loop.append(loop.pick(work), work.cause)
    loop.answer(open_batches(loop.state)[0])
    training = next_model(loop.state)
    assert training is not None
    began = loop.train(training)
    change(loop, "ham", "spam", "news", retired=(1,))

    loop.append(began, training.cause)

    assert of_trained(loop.state, loop.state.models["1"]).number == 0
    assert is_proven(loop)


def test_of_several_labels_the_retired_ones_are_left_out_and_none_of_them_stays_an_answer() -> None:
    retired = LabelList(1, ("ham", "spam", "news"), ("ham", "junk", "news"), frozenset({"spam"}), 1)

    assert retired.counting(("ham", "spam")) == ("ham",)
    assert retired.counting(("spam",)) is None, "nobody said that none of the others fits"
    assert retired.counting(()) == ()
    assert retired.counting(None) is None


def test_votes_lose_retired_labels_and_those_for_nothing_else_do_not_count() -> None:
    retired = LabelList(1, LABELS, LABELS, frozenset({"spam"}), 1)
    both = replaced(vote("ann", "ham"), labels=("ham", "spam"))
    none = replaced(vote("bob", "ham"), labels=())
    discarded = replaced(vote("cid"), labels=("spam",))

    counting = retired.counting_votes(
        (both, none, discarded, vote("dan", "spam"), vote("eve", "spam", "draft"))
    )

    assert [(each.username, each.labels) for each in counting] == [
        ("ann", ("ham",)),
        ("bob", ()),
        ("cid", ()),
    ]
