"""docs/logs.md as it stands: its package is the one that runs through a loop in the tests of services."""

import tomllib

from tests.support.deployment import ROOT
from tests.support.pages import blocks
from tests.support.strangers import STRANGERS

PACKAGE = STRANGERS / "team_logs"


def test_the_page_shows_the_package_that_is_tested() -> None:
    page = blocks(ROOT / "docs" / "logs.md")

    assert page["python"] == [(PACKAGE / "team_logs.py").read_text(encoding="utf-8")]
    (shown,) = map(tomllib.loads, page["toml"])
    installed = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))
    assert shown["project"]["entry-points"] == installed["project"]["entry-points"]
