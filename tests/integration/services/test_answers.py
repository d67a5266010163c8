"""From people's answers in Argilla to the log, by the watcher and the querier as processes."""

from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from labelloop.loop.labels import current
from labelloop.oracle.escaping import MARK
from tests.support.argilla_server import ArgillaServer
from tests.support.loop import Loop, a_loop, texts
from tests.support.people import Found, Owner, Person, label_all
from tests.support.states import LABELS

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory, argilla_server: ArgillaServer) -> Iterator[Loop]:
    """One for all tests, each with a project of its own."""
    with a_loop(tmp_path_factory.mktemp("answers"), argilla_server) as loop:
        loop.start("querier", "annotation_watcher")
        yield loop


@pytest.fixture
def desk(loop: Loop) -> tuple[str, Owner]:
    """A project of two batches of three, all cold starts."""
    return begin(loop)


def begin(loop: Loop, **settings: Any) -> tuple[str, Owner]:
    project = loop.create(texts(12), **{"batch_size": 3, "max_batches": 2} | settings)
    owner = Owner(loop.argilla, project)
    loop.until(lambda: len(owner.records(0)) == 3)
    return project, owner


def gold(item: int) -> str:
    return LABELS[item % len(LABELS)]


def response(records: Found, item: int, person: Person) -> str:
    (found,) = [r["id"] for r in records[item]["responses"] if r["user_id"] == person.id]
    return str(found)


def test_labels_make_a_batch_done(loop: Loop, desk: tuple[str, Owner]) -> None:
    project, owner = desk
    ann = Person(loop.argilla)
    first, *rest = owner.records(0).items()

    ann.answer(first[1]["id"], gold(first[0]))
    loop.wait(project, lambda state: state.batches["0"].responses)
    label_all(ann, dict(rest), gold)

    state = loop.wait(project, lambda state: state.batches["0"].done)
    assert current(state) == {item: (gold(item),) for item in owner.records(0)}
    done = state.batches["0"].revisions[0]
    for answer in done.items:
        (vote,) = answer.votes
        record = owner.records(0)[answer.item]
        assert (vote.username, vote.user, answer.record) == (ann.name, ann.id, record["id"])
    assert done.opened is not None
    assert not state.batches["1"].done


def test_records_say_what_annotators_may_know(loop: Loop, desk: tuple[str, Owner]) -> None:
    project, owner = desk
    loop.until(lambda: len(owner.records(1)) == 3)

    for batch in (0, 1):
        picked = {one.item: one for one in loop.state(project).batches[str(batch)].queried.items}
        for item, record in owner.records(batch).items():
            assert record["external_id"] == f"{batch}:{item}"
            assert record["fields"]["text"] == texts(12)[item][0]
            assert record["metadata"] == {
                "batch": batch,
                "rank": picked[item].rank,
                "item": item,
                "reason": "cold-start",
                **MARK,
            }
            assert record["suggestions"] == []


def test_edits_discards_and_withdrawals_in_a_done_batch_are_revisions(
    loop: Loop, desk: tuple[str, Owner]
) -> None:
    project, owner = desk
    ann = Person(loop.argilla)
    records = owner.records(0)
    label_all(ann, records, gold)
    loop.wait(project, lambda state: state.batches["0"].done)
    edited, discarded, withdrawn = sorted(records)

    ann.answer(records[edited]["id"], "news" if gold(edited) != "news" else "ham")
    loop.wait(project, lambda state: len(state.batches["0"].revisions) == 2)
    ann.answer(records[discarded]["id"], None)
    loop.wait(project, lambda state: len(state.batches["0"].revisions) == 3)
    ann.withdraw(response(owner.records(0), withdrawn, ann))
    state = loop.wait(project, lambda state: len(state.batches["0"].revisions) == 4)

    last = {answer.item: answer for answer in state.batches["0"].revisions[-1].items}
    assert last[edited].labels == ("news" if gold(edited) != "news" else "ham",)
    assert (last[discarded].labels, last[discarded].discarded) == ((), True)
    assert (last[withdrawn].labels, last[withdrawn].discarded, last[withdrawn].votes) == ((), False, ())
    assert set(owner.answers(0)) == {(edited, ann.name), (discarded, ann.name)}, "nothing was put back"


@pytest.mark.all_cells
def test_an_answer_taken_back_before_the_batch_is_done_opens_the_text_again(
    loop: Loop, desk: tuple[str, Owner]
) -> None:
    project, owner = desk
    ann = Person(loop.argilla)
    records = owner.records(0)
    first, *rest = sorted(records)
    ann.answer(records[first]["id"], gold(first))
    loop.wait(project, lambda state: state.batches["0"].responses)

    ann.withdraw(response(owner.records(0), first, ann))
    label_all(ann, {item: records[item] for item in rest}, gold)
    loop.wait(project, lambda state: {a.item for a in state.batches["0"].answers} == set(rest))

    assert not loop.state(project).batches["0"].done
    ann.answer(records[first]["id"], "spam")
    state = loop.wait(project, lambda state: state.batches["0"].done)
    assert current(state)[first] == ("spam",)


@pytest.mark.all_cells
def test_two_annotators_where_two_are_asked(loop: Loop) -> None:
    project, owner = begin(loop, min_submitted=2)
    ann, bob = Person(loop.argilla), Person(loop.argilla)
    records = owner.records(0)
    agreed, torn, discarded = sorted(records)

    label_all(ann, records, lambda item: None if item == discarded else "spam")
    loop.wait(project, lambda state: len(state.batches["0"].answers) == 3)
    assert not loop.state(project).batches["0"].done
    label_all(bob, records, lambda item: "ham" if item == torn else "spam")

    state = loop.wait(project, lambda state: state.batches["0"].done)
    items = {answer.item: answer for answer in state.batches["0"].revisions[0].items}
    assert (items[agreed].labels, items[agreed].agreement) == (("spam",), 1.0)
    assert (items[torn].labels, items[torn].agreement) == (("spam",), 0.5)
    assert (items[discarded].labels, items[discarded].discarded) == ((), True)
    assert [len(answer.votes) for answer in items.values()] == [2, 2, 2]
    assert state.batches["0"].revisions[0].agreement == pytest.approx(0.75)


def test_drafts_decide_nothing(loop: Loop, desk: tuple[str, Owner]) -> None:
    project, owner = desk
    ann = Person(loop.argilla)
    records = owner.records(0)
    draft, *rest = sorted(records)

    ann.answer(records[draft]["id"], gold(draft), "draft")
    label_all(ann, {item: records[item] for item in rest}, gold)
    state = loop.wait(project, lambda state: len(state.batches["0"].answers) == 3)
    assert not state.batches["0"].done

    ann.answer(records[draft]["id"], gold(draft))
    loop.wait(project, lambda state: state.batches["0"].done)


def test_the_watcher_stays_small_while_it_watches(loop: Loop) -> None:
    project, owner = begin(loop, max_batches=1)
    ann = Person(loop.argilla)
    label_all(ann, owner.records(0), gold)
    loop.wait(project, lambda state: state.batches["0"].done)

    weight = psutil.Process(loop.processes["annotation_watcher"].pid).memory_info().rss

    assert weight < 120 * MEBIBYTE
