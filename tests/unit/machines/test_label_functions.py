"""What the votes of label functions come to."""

import pytest

from labelloop.errors import UserError
from labelloop.machines.label_functions import LabelFunctions, combined, labels_of, of_rules, release_of

ORDER = ("spam", "ham", "news")
NAMES = {"Spam!": "spam", "ham": "ham", "news": "news"}


def test_the_majority_decides_and_who_says_nothing_does_not_count() -> None:
    said = combined(
        1, {"a": ("spam",), "b": (), "c": ("spam",), "d": ("ham",)}, ORDER, failed=False, several=False
    )

    assert said.labels == ("spam",)
    assert [vote.function for vote in said.votes] == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("votes", "failed", "why"),
    [
        ({"a": ("spam",), "b": ("ham",)}, False, "divided"),
        ({"a": (), "b": ()}, False, "unsure"),
        ({}, True, "failed"),
    ],
)
def test_without_a_majority_nothing_is_suggested(
    votes: dict[str, tuple[str, ...]], failed: bool, why: str
) -> None:
    said = combined(1, votes, ORDER, failed=failed, several=False)

    assert (said.labels, said.abstained) == ((), why)


def test_of_several_labels_each_that_a_function_gives_is_suggested() -> None:
    votes = {"a": ("news",), "b": ("spam", "news"), "c": ()}

    assert combined(1, votes, ORDER, failed=False, several=True).labels == ("spam", "news")


@pytest.mark.parametrize(
    ("said", "labels"),
    [("Spam!", ("spam",)), (None, ()), ([], ()), (["ham"], ("ham",)), ("spam", None), (1, None), ([1], None)],
)
def test_a_function_returns_a_label_as_it_is_called_or_none(
    said: object, labels: tuple[str, ...] | None
) -> None:
    assert labels_of(said, NAMES, several=False) == labels


def test_a_function_gives_several_labels_only_where_a_text_may_have_them() -> None:
    assert labels_of(["ham", "news"], NAMES, several=False) is None
    assert labels_of({"ham"}, NAMES, several=True) == ("ham",)


def test_a_rule_searches_its_pattern() -> None:
    functions = of_rules([["spam", "(?i)prize"], ["ham", r"\blunch\b"]])

    assert [function("Win a PRIZE") for function in functions.values()] == ["spam", None]


def test_other_code_has_another_digest() -> None:
    first, other = of_rules([["spam", "a"]]), of_rules([["spam", "b"]])

    assert release_of(first) == release_of(of_rules([["spam", "a"]])) != release_of(other)


def test_two_functions_of_one_name_are_refused() -> None:
    def same(text: str) -> None:
        return None

    with pytest.raises(UserError):
        LabelFunctions("mail", [same, same])
    with pytest.raises(UserError):
        LabelFunctions("mail", [])
