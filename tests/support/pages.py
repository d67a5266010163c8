"""The blocks of a page of docs/."""

import re
from collections import defaultdict
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> dict[str, list[str]]:
    """What stands in the fenced blocks of each language, in order."""
    by_language: dict[str, list[str]] = defaultdict(list)
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        by_language[block[1]].append(block[2])
    return by_language
