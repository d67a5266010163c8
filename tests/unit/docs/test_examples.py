"""The examples of what plugs in: each is short, and is the one that other tests run through a loop."""

import tomllib

import pytest

from tests.support.deployment import ROOT
from tests.support.pages import blocks
from tests.support.strangers import STRANGERS

LONGEST = 20
PACKAGE = STRANGERS / "team_logs"


@pytest.mark.parametrize("page", ["consumers", "plugins", "oracles", "logs"])
def test_an_example_has_at_most_twenty_lines(page: str) -> None:
    examples = blocks(ROOT / "docs" / f"{page}.md")["python"]

    lengths = [sum(bool(line.strip()) for line in example.splitlines()) for example in examples]

    assert lengths
    assert max(lengths) <= LONGEST


def test_the_page_of_logs_shows_the_package_that_is_tested() -> None:
    page = blocks(ROOT / "docs" / "logs.md")

    assert page["python"] == [(PACKAGE / "team_logs.py").read_text(encoding="utf-8")]
    (shown,) = map(tomllib.loads, page["toml"])
    installed = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))
    assert shown["project"]["entry-points"] == installed["project"]["entry-points"]
