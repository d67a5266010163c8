"""Errors and texts in one line."""

import pytest

from labelloop.errors import one_line


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("a\n  b\tc ", "a b c"),
        (ValueError("no\nway"), "no way"),
        (ValueError(), "ValueError"),
        ("\x1b]0;title\x07\x1b[2Jx\x9b1m", "\\x1b]0;title\\x07\\x1b[2Jx\\x9b1m"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}x", "\\u202ex"),
        ("שלום \N{ZERO WIDTH JOINER} é", "שלום \N{ZERO WIDTH JOINER} é"),
    ],
)
def test_a_line_has_no_breaks_and_nothing_that_a_terminal_obeys(said: object, line: str) -> None:
    assert one_line(said) == line
