"""What the owner of a new project is told of its labels."""

from labelloop.projects.label_notes import label_notes
from tests.support.messages import names

MANY = tuple(f"class {number}" for number in range(77))


def test_a_project_s_labels_are_told_in_one_line_that_stays_short() -> None:
    assert list(label_notes(("ham", "spam, loud"), {})) == ['labels: ham, "spam, loud"']

    (note,) = label_notes(MANY, {})

    assert names(note, "class 0", "…", 77)
    assert not names(note, "class 76")


def test_that_a_text_may_have_several_is_told_with_them() -> None:
    (note,) = label_notes(("ham", "spam"), {}, several=True)

    assert names(note, "ham, spam", "several", "none")


def test_labels_that_differ_only_in_case_or_spaces_are_told_with_a_remedy() -> None:
    _, news, tech = label_notes(("Tech", "sports", "tech", "old news", "Old  news", "TECH"), {})

    assert names(tech, "'Tech'", "'tech'", "'TECH'", "--name")
    assert names(news, "'old news'", "'Old  news'", "--name")
    assert not names(tech, "sports")


def test_labels_that_no_known_label_shows_are_told_only_when_there_are_known_labels() -> None:
    labels = ("bug", "praise", "wish")

    _, note = label_notes(labels, {3: ("bug",), 4: ("wish",), 9: ("bug",)})

    assert names(note, "'praise'")
    assert not names(note, "'bug'")
    assert len(list(label_notes(labels, {}))) == 1
    assert len(list(label_notes(labels, dict(enumerate((each,) for each in labels))))) == 1
