"""Writes what commands print into the pages again: `python -m docs.outputs.make [PAGE …]`.

A demo runs first, for a minute or two. What differs by masks alone is left as it is.
"""

import sys
import tempfile
from pathlib import Path

from docs.outputs.blocks import Shown, commands, cut, with_lines
from docs.outputs.masks import masked
from docs.outputs.workshop import Workshop
from tests.support.demo import HOME, Demo, Ended

ROOT = Path(__file__).resolve().parents[2]


def pages() -> list[Path]:
    """Those that show commands with what they print."""
    found = [*ROOT.glob("docs/*.md"), ROOT / "README.md"]
    return sorted(page for page in found if commands(page.read_text(encoding="utf-8")))


def printed(page: str, workshop: Workshop) -> list[Shown]:
    """The commands of a page, run one after the other, with what they print, cut as the page cuts it."""
    return [Shown(shown.command, cut(workshop.run(shown.command), shown.lines)) for shown in commands(page)]


def refreshed(page: str, workshop: Workshop) -> str:
    """The page with what its commands print now, where that is not the same but for the masks."""
    before, now = commands(page), printed(page, workshop)
    kept = [old if same(old, new) else new for old, new in zip(before, now, strict=True)]
    return with_lines(page, kept)


def same(one: Shown, other: Shown) -> bool:
    return list(map(masked, one.lines)) == list(map(masked, other.lines))


def main(names: list[str]) -> None:
    chosen = [Path(name).resolve() for name in names] or pages()
    with tempfile.TemporaryDirectory() as name:
        demo = Demo(Path(name))
        demo.write()
        with demo.start(HOME, "--seconds-per-label", 0) as process:
            Ended.wait(process, demo.output(HOME))
        for page in chosen:
            workshop = Workshop.make(demo.folder / page.stem, demo.folder / HOME, demo.folder.glob("*.jsonl"))
            before = page.read_text(encoding="utf-8")
            page.write_text(refreshed(before, workshop), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
