"""Errors and texts as a terminal shows them."""

import json

import pytest

from labelloop.errors import counted, one_line, shown


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


def test_lines_stay_lines_with_nothing_that_a_terminal_obeys() -> None:
    said = "\x1b]0;title\x07\n\tx\x9b1m\r\n  y\r\N{RIGHT-TO-LEFT OVERRIDE} \N{CROSS MARK}"

    assert shown(said) == "\\u001b]0;title\\u0007\n\tx\\u009b1m\r\n  y\\u000d\\u202e \N{CROSS MARK}"


def test_json_says_the_same_where_it_is_shown() -> None:
    said = ["\x1b[2J\x9b1m\x7f\r\n", "\N{RIGHT-TO-LEFT OVERRIDE}x"]

    assert json.loads(shown(json.dumps(said, ensure_ascii=False, indent=2))) == said


@pytest.mark.parametrize(
    ("number", "what", "line"),
    [
        (1, "text", "1 text"),
        (0, "label", "0 labels"),
        (1200, "gold text", "1,200 gold texts"),
        (2, "batch", "2 batches"),
        (2, "near-copy", "2 near-copies"),
    ],
)
def test_one_thing_is_said_otherwise_than_several(number: int, what: str, line: str) -> None:
    assert counted(number, what) == line
