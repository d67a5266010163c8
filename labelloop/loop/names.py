"""The names of batches and models, and ranges of them.

"0", "1" … stand in the order of work, "relabel-1" and "final-1" outside it. `{"0-57": 0, "58": 1}` is the
compact form of what a model learned: 0 … 57 at revision 0, and 58 at 1.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

RELABEL, FINAL = "relabel-", "final-"
LONGEST_NUMBER = 18
"""In digits: nobody counts further, and Python reads only so many."""
Run: TypeAlias = tuple[range | str, int]


def number_of(name: str) -> int | None:
    """The number of a batch or model in the order of work; None for one that stands outside it."""
    return int(name) if name.isdecimal() and len(name) <= LONGEST_NUMBER else None


def numbered(names: Iterable[str]) -> list[str]:
    """Those in the order of work."""
    return [name for name in names if number_of(name) is not None]


def relabel_batch(number: int) -> str:
    """A batch of texts that people are asked for once more."""
    return f"{RELABEL}{number}"


def final_model(number: int) -> str:
    """A model of the answers that came after the last numbered one."""
    return f"{FINAL}{number}"


def is_final(model: str) -> bool:
    return model.startswith(FINAL)


def compact(learned: Mapping[str, int]) -> dict[str, int]:
    """Revisions by batch, with a range for each run of numbered batches at the same revision."""
    merged: list[tuple[range, int]] = []
    for numbers, revision in sorted(_runs(learned), key=lambda run: run[0].start):
        if merged and merged[-1][1] == revision and merged[-1][0].stop == numbers.start:
            numbers = range(merged.pop()[0].start, numbers.stop)
        merged.append((numbers, revision))
    others = {name: revision for name, revision in learned.items() if numbers_of(name) is None}
    return {_range_name(numbers): revision for numbers, revision in merged} | others


def expanded(learned: Mapping[str, int]) -> Mapping[str, int]:
    """Revisions by batch, without ranges."""
    return _expanded(tuple(learned.items()))


def runs(learned: Mapping[str, int]) -> list[Run]:
    """What was learned, in order: numbered batches by number, then the others by name."""
    unordered = [(numbers_of(name) or name, revision) for name, revision in compact(learned).items()]
    return sorted(unordered, key=lambda run: (0, run[0].start) if isinstance(run[0], range) else (1, run[0]))


def in_common(some: Sequence[Run], others: Sequence[Run]) -> int:
    """The number of batches at the start that both have in common."""
    same = 0
    for run, other_run in zip(some, others, strict=False):
        if run == other_run:
            same += len(run[0]) if isinstance(run[0], range) else 1
        else:
            (first, revision), (second, other_revision) = run, other_run
            if isinstance(first, range) and isinstance(second, range):
                begin_alike = (first.start, revision) == (second.start, other_revision)
                same += min(len(first), len(second)) if begin_alike else 0
            break
    return same


def batches(of: Sequence[Run], skip: int = 0) -> Iterator[tuple[str, int]]:
    """The batches of runs with their revisions, without the first `skip`."""
    for batch, revision in of:
        names: Sequence[object] = batch if isinstance(batch, range) else (batch,)
        for name in names[skip:]:
            yield str(name), revision
        skip = max(0, skip - len(names))


def revision_of(learned: Mapping[str, int], batch: str) -> int | None:
    """The revision at which a batch was learned, or None."""
    for name, revision in learned.items():
        numbers = numbers_of(name)
        if name == batch or (numbers is not None and number_of(batch) in numbers):
            return revision
    return None


def numbers_of(name: str) -> range | None:
    """The numbers that a name such as `0-57` stands for; None for a batch without a number."""
    begin, _, end = name.partition("-")
    first, last = number_of(begin), number_of(end or begin)
    return None if first is None or last is None else range(first, last + 1) or None


@lru_cache(maxsize=64)
def _expanded(learned: tuple[tuple[str, int], ...]) -> Mapping[str, int]:
    revisions: dict[str, int] = {}
    for name, revision in learned:
        numbers = numbers_of(name)
        revisions |= dict.fromkeys((name,) if numbers is None else map(str, numbers), revision)
    return MappingProxyType(revisions)


def _runs(learned: Mapping[str, int]) -> Iterator[tuple[range, int]]:
    for name, revision in learned.items():
        if (numbers := numbers_of(name)) is not None:
            yield numbers, revision


def _range_name(numbers: range) -> str:
    return str(numbers.start) if len(numbers) == 1 else f"{numbers.start}-{numbers.stop - 1}"
