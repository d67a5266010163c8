"""The commands in a page, and what it says that they print. Pure.

A fence of `console` holds commands, each a line that begins with `$ `, and under each what it prints. A line
`…` there stands for lines that are left out, at most once a command.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = "$ "
LEFT_OUT = "…"


@dataclass(frozen=True)
class Shown:
    """A command, and the lines under it."""

    command: str
    lines: tuple[str, ...]


def commands(page: str) -> list[Shown]:
    """Every command of a page, in its order."""
    return [shown for fence in FENCE.finditer(page) for shown in _parts(fence[1])]


def with_lines(page: str, shown: Sequence[Shown]) -> str:
    """The page with other lines under its commands, one for one."""
    remaining = iter(shown)

    def again(fence: re.Match[str]) -> str:
        parts = [next(remaining) for _ in _parts(fence[1])]
        lines = [line for part in parts for line in (PROMPT + part.command, *part.lines)]
        return "\n".join(["```console", *lines, "```"])

    return FENCE.sub(again, page)


def cut(printed: Sequence[str], like: Sequence[str]) -> tuple[str, ...]:
    """What was printed, with as many lines at its beginning and end as the page has around its `…`."""
    if LEFT_OUT not in like:
        return tuple(printed)
    before = list(like).index(LEFT_OUT)
    after = len(like) - before - 1
    return (*printed[:before], LEFT_OUT, *printed[len(printed) - after :])


def _parts(fence: str) -> Iterator[Shown]:
    command, lines = None, list[str]()
    for line in fence.splitlines():
        if line.startswith(PROMPT):
            if command is not None:
                yield Shown(command, tuple(lines))
            command, lines = line.removeprefix(PROMPT), []
        else:
            lines.append(line)
    if command is not None:
        yield Shown(command, tuple(lines))
