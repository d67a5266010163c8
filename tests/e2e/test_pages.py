"""The pages show what their commands print: each is run on what a demo left.

After a change of what a command prints: `python -m docs.outputs.make` writes it into the pages.
"""

from pathlib import Path

import pytest

from docs.outputs.blocks import commands
from docs.outputs.make import pages, printed
from docs.outputs.masks import masked
from docs.outputs.workshop import Workshop
from tests.support.demo import KEPT, Undisturbed
from tests.support.matrices import in_all_cells

DEAR = ("alerting", "fork", "import")
"""Pages whose commands wait, train models, or try them again and again."""


@pytest.mark.parametrize(
    "page",
    [in_all_cells(page) if page.stem in DEAR else page for page in pages()],
    ids=lambda page: page.stem,
)
def test_a_page_shows_what_its_commands_print(page: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    demo = undisturbed.demo.folder
    workshop = Workshop.make(tmp_path, demo / KEPT, demo.glob("*.jsonl"))
    text = page.read_text(encoding="utf-8")

    for shown, now in zip(commands(text), printed(text, workshop), strict=True):
        assert list(map(masked, shown.lines)) == list(map(masked, now.lines)), shown.command
