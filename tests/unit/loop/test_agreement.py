"""How far annotators agree."""

import pytest

from labelloop.loop.agreement import (
    AnnotatorFigures,
    alpha,
    annotators,
    answers,
    by_label,
    confusions,
    likeness,
)
from schemas.parts import AnnotatedItem
from tests.support.states import annotated, answered, project, queried, recorded, state_of, vote, votes


def unit(**labels: str) -> dict[str, tuple[str, ...]]:
    return {name: (label,) for name, label in labels.items()}


def test_alpha_is_that_of_krippendorff_s_own_example() -> None:
    """Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, C: nominal, with missing data."""
    table = {
        "a": "1 2 3 3 2 1 4 1 2 . . .",
        "b": "1 2 3 3 2 2 4 1 2 5 . 3",
        "c": ". 3 3 3 2 3 4 2 2 5 1 .",
        "d": "1 2 3 3 2 4 4 1 2 5 1 .",
    }
    columns = zip(*(row.split() for row in table.values()), strict=True)
    found = [unit(**{n: v for n, v in zip(table, column, strict=True) if v != "."}) for column in columns]

    assert alpha(found) == pytest.approx(0.743, abs=5e-4)


def test_one_annotator_alone_agrees_with_nobody() -> None:
    found = [unit(ann="spam"), unit(ann="ham")]

    assert alpha(found) is None
    assert annotators(found) == {"ann": AnnotatorFigures(labels=2, compared=0, agreed=0)}
    assert confusions(found) == []
    assert alpha([]) is None


def test_where_only_one_label_occurs_alpha_is_not_defined() -> None:
    assert alpha([unit(ann="spam", bob="spam"), unit(ann="ham")]) is None


def test_each_is_held_against_the_majority_of_the_others() -> None:
    found = [
        unit(ann="spam", bob="spam", eve="ham"),
        unit(ann="spam", bob="ham"),
        unit(ann="news"),
    ]

    assert annotators(found) == {
        # The others of ann's first text are divided, so that only the second compares her.
        "ann": AnnotatorFigures(labels=3, compared=1, agreed=0),
        "bob": AnnotatorFigures(labels=2, compared=1, agreed=0),
        "eve": AnnotatorFigures(labels=1, compared=1, agreed=0),
    }
    assert confusions(found) == [(("ham", "spam"), 3)]


def test_recorded_answers_count_as_soon_as_they_are_there_and_discarded_texts_do_not() -> None:
    done: tuple[AnnotatedItem, ...] = (
        answered(0, vote("ann", "spam"), vote("bob", "ham")),
        answered(1, vote("ann"), vote("bob", "ham")),
        answered(2, vote("ann"), discarded=True),
    )
    state = state_of(
        project(),
        queried("0"),
        annotated(*done),
        queried("1", (3, 4, 5)),
        recorded(votes(3, vote("ann", "news"), vote("bob", "spam", status="draft")), batch="1"),
    )

    assert answers(state) == {
        (0, "0"): unit(ann="spam", bob="ham"),
        (1, "0"): unit(bob="ham"),
        (3, "1"): unit(ann="news"),
    }


def test_sets_of_labels_are_alike_by_what_they_share() -> None:
    assert likeness(("a", "b"), ("b", "c")) == pytest.approx(1 / 3)
    assert likeness((), ()) == likeness(("a",), ("a",)) == 1.0
    assert likeness((), ("a",)) == 0.0


def test_of_several_labels_each_has_an_alpha() -> None:
    found: list[dict[str, tuple[str, ...]]] = [
        {"ann": ("spam", "news"), "bob": ("spam",)},
        {"ann": (), "bob": ()},
        {"ann": ("news",), "bob": ("spam", "news")},
    ]

    alphas = by_label(found, ("spam", "news", "ham"))

    assert alphas["ham"] is None, "nobody gave it"
    assert alphas["spam"] == alphas["news"] == pytest.approx(0.44, abs=0.01)
    assert [times for _, times in confusions(found)] == [1, 1]
