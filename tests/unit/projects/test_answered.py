"""What the votes on texts that were answered elsewhere come to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.pool.columns import Columns
from labelloop.pool.prepare import clean_pool
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.pool.sources import as_table
from labelloop.projects.answered import AnsweredTexts, Answers, answers
from labelloop.projects.data import prepare_data
from labelloop.projects.given_batches import MOST_TEXTS, in_batches
from labelloop.projects.options import ProjectOptions
from schemas.parts import Vote
from tests.support.messages import names, raises_naming
from tests.support.states import answered as answer
from tests.support.states import vote

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
EARLY = datetime(2026, 1, 1, 6, tzinfo=UTC)
TEXTS = ("win a prize", "lunch?", "lunch? ", "", "cheap pills")
ANN_SPAM, BOB_HAM = vote("ann", "spam", time=NOON), vote("bob", "ham", time=NOON)


def texts(*votes: Sequence[Vote], labels: tuple[str, ...] = ("spam", "ham")) -> AnsweredTexts:
    """The texts, with these votes on the first of them."""
    rows = [tuple(votes[row]) if row < len(votes) else () for row in range(len(TEXTS))]
    return AnsweredTexts("team/mail", Columns(("text",), ("text",), lambda _: list(TEXTS)), labels, rows)


def said(given: AnsweredTexts, **options: object) -> Answers:
    table = as_table(given.source, given.columns)
    return answers(given, table, clean_pool(table, given.labels), ProjectOptions.of(options))


def test_the_majority_of_votes_is_the_label_and_the_votes_are_kept() -> None:
    found = said(texts([ANN_SPAM, BOB_HAM, vote("cid", "ham", time=NOON)]))

    assert found.labels == {0: ("ham",)}
    assert [each.username for each in found.by_item[0].votes] == ["ann", "bob", "cid"]
    assert found.by_item[0].agreement == pytest.approx(2 / 3)


def test_a_discarded_text_is_answered_without_a_label() -> None:
    found = said(texts([vote("ann", time=NOON)]))

    assert found.by_item[0].discarded
    assert found.labels == {}
    assert names(found.notes[0], "1 text answered", "1 of them discarded", "2 left")


def test_a_text_with_fewer_answers_than_wanted_is_left_to_label() -> None:
    found = said(texts([ANN_SPAM], [ANN_SPAM, BOB_HAM]), min_submitted=2)

    assert list(found.by_item) == [1]
    assert names(found.notes[1], "1 text", "--min-submitted 2")


def test_votes_on_equal_texts_count_for_one_text_and_of_each_person_the_newest() -> None:
    before = vote("ann", "ham", time=EARLY)

    found = said(texts([], [ANN_SPAM], [before, BOB_HAM, vote("cid", "spam", time=NOON)]))

    assert {each.username: each.labels for each in found.by_item[1].votes} == {
        "ann": ("spam",),
        "bob": ("ham",),
        "cid": ("spam",),
    }
    assert found.labels == {1: ("spam",)}


def test_votes_on_an_empty_text_count_for_none() -> None:
    assert said(texts([], [], [], [ANN_SPAM])).by_item == {}


def test_labels_are_those_of_a_project() -> None:
    found = said(texts([vote("ann", " spam ", time=NOON)]))

    assert found.labels == {0: ("spam",)}


@pytest.mark.parametrize("wrong", [vote("ann", "news", time=NOON), vote("ann", None, "submitted", time=NOON)])
def test_an_answer_that_is_no_label_is_refused(wrong: Vote) -> None:
    with raises_naming(UserError, "team/mail", "row 2", "ann", "'spam', 'ham'"):
        said(texts([], [wrong]))


def test_a_discarded_text_keeps_no_label_that_the_project_does_not_have() -> None:
    found = said(texts([vote("ann", "news", "discarded", time=NOON)]))

    assert found.by_item[0].votes[0].labels == ()


def test_a_text_that_people_answered_is_no_near_copy_to_leave_out(tmp_path: Path) -> None:
    rows = [f"your parcel number {number} is on its way to your house today" for number in range(6)]
    votes = [(ANN_SPAM,) if row == 4 else () for row in range(6)]
    given = AnsweredTexts("team/mail", Columns(("text",), ("text",), lambda _: rows), ("spam", "ham"), votes)
    options = ProjectOptions.of({"argilla_dataset": "team/mail", "drop_near_copies": True})

    data = prepare_data(options, tmp_path, answered=given)

    pool = OpenSnapshot.open(tmp_path / data.pool.uri)
    assert list(pool.all_texts()) == [rows[0], rows[4]]
    assert data.known_labels == {1: ("spam",)}
    assert data.answers[1].item == 1


def test_many_votes_go_into_several_batches() -> None:
    both = [answer(item, ANN_SPAM, BOB_HAM) for item in range(MOST_TEXTS)]

    made = in_batches(both)

    assert [len(batch.items) for batch in made] == [MOST_TEXTS // 2] * 2
    assert [each.item for batch in made for each in batch.answers.items] == list(range(MOST_TEXTS))
    assert [batch.answers.batch for batch in made] == ["0", "1"]


def test_options_of_files_do_not_go_with_a_data_set_of_argilla() -> None:
    with raises_naming(UserError, "--argilla-dataset", "--labels"):
        ProjectOptions.of({"argilla_dataset": "team/mail", "labels": ("a", "b")})
