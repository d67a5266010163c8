"""Names of projects, labels and people do nothing to the terminal that shows them."""

import re
from pathlib import Path

import pytest

from tests.support.command import labelloop
from tests.support.homes import home_with
from tests.support.states import annotated, answered, project, queried, vote

NAME, LABEL = "mail\x07\x9b31m", "spam\x07\x9d0;title\x9c"
PERSON = "eve\x07\x9b2J\N{RIGHT-TO-LEFT OVERRIDE}"
OBEYED = re.compile(r"[^\n -~\xa0-\u2029\u202f-\uffff]|[\u2066-\u2069]")


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("list",),
        ("why", 0, "--quick"),
        ("why", 0, "--quick", "--json"),
        ("agreement",),
        ("agreement", "--json"),
        ("replay",),
        ("annotators", "list"),
        ("events",),
        ("events", "--json"),
    ],
)
def test_what_looks_shows_them_without_what_a_terminal_obeys(
    tmp_path: Path, command: tuple[object, ...]
) -> None:
    done = (
        answered(0, vote(PERSON, LABEL), vote("bob", "ham")),
        answered(1, vote(PERSON, "ham"), vote("bob", "ham")),
        answered(2, vote(PERSON, LABEL), vote("bob", LABEL)),
    )
    created = project(name=NAME, labels=(LABEL, "ham"), min_submitted=2)
    home = home_with(tmp_path / "home", created, queried(), annotated(*done))

    result = labelloop(*command, "--log", f"sqlite:///{home}/log.sqlite")

    assert result.exit_code == 0, result.output
    assert OBEYED.findall(result.output) == []
    assert any(name in result.output for name in ("mail", "spam", "eve"))
