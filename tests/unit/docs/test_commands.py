"""No command and no event is left to be found by chance."""

import re
from pathlib import Path

from labelloop.cli.main import cli
from schemas.events import EVENTS

ROOT = Path(__file__).parents[3]
COMMAND = re.compile(r"(?:^|`|\$ )labelloop ([a-z-]+)", re.MULTILINE)


def test_each_command_is_told_of_in_the_readme_or_on_a_page() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    said = {name for page in pages for name in COMMAND.findall(page.read_text())}

    assert not set(cli.modules) - said


def test_each_event_is_told_of_on_its_page() -> None:
    cells = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "events.md").read_text(), re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", " ".join(cells))) == {event.__name__ for event in EVENTS.values()}
