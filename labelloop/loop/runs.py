"""What a model learned, written short: `{"0-57": 0, "58": 1}` for 0 … 57 at revision 0 and 58 at 1."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType


def compact(learned: Mapping[str, int]) -> dict[str, int]:
    """Revisions by batch, with each run of numbered batches at one revision under one name."""
    found: list[tuple[range, int]] = []
    for numbers, revision in sorted(_runs(learned), key=lambda run: run[0].start):
        if found and found[-1][1] == revision and found[-1][0].stop == numbers.start:
            numbers = range(found.pop()[0].start, numbers.stop)
        found.append((numbers, revision))
    others = {name: revision for name, revision in learned.items() if numbers_of(name) is None}
    return {_name(numbers): revision for numbers, revision in found} | others


def expanded(learned: Mapping[str, int]) -> Mapping[str, int]:
    """Revisions by batch, each under its own name."""
    return _expanded(tuple(learned.items()))


def numbers_of(name: str) -> range | None:
    """The numbered batches that a name stands for; None for a batch that has no number."""
    first, _, last = name.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        return None
    return range(int(first), int(last or first) + 1) or None


@lru_cache(maxsize=64)
def _expanded(learned: tuple[tuple[str, int], ...]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name, revision in learned:
        numbers = numbers_of(name)
        found |= dict.fromkeys((name,) if numbers is None else map(str, numbers), revision)
    return MappingProxyType(found)


def _runs(learned: Mapping[str, int]) -> Iterator[tuple[range, int]]:
    for name, revision in learned.items():
        if (numbers := numbers_of(name)) is not None:
            yield numbers, revision


def _name(numbers: range) -> str:
    return str(numbers.start) if len(numbers) == 1 else f"{numbers.start}-{numbers.stop - 1}"
