"""What a distribution says it needs, and whether a version meets it. Pure."""

import re
from dataclasses import dataclass

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(\[[^]]*\])?\s*\(?(?P<bounds>[^;)]*)\)?(;.*\bextra == ['\"](?P<extra>[\w-]+)['\"])?"
)
_BOUND = re.compile(r"(>=|<|==)\s*([\w.*]+)")
_NUMBERS = re.compile(r"\d+(\.\d+)*")
_ZEROS = re.compile(r"(\.0+)+$")


@dataclass(frozen=True)
class Requirement:
    """A package by name; `extra` None: it is always needed. `bounds` as `<14,>=13`."""

    name: str
    extra: str | None
    bounds: str


def parse(requirement: str) -> Requirement:
    """One line of a distribution's `Requires-Dist`. Raises ValueError."""
    found = _REQUIREMENT.match(requirement)
    if found is None:
        raise ValueError(f"no requirement: {requirement}")
    return Requirement(found["name"], found["extra"], found["bounds"].strip())


def fits(version: str, bounds: str) -> bool:
    """Whether a version lies within bounds of `>=`, `<` and `==`, also `==2.8.*`.

    A local part (`+cpu`) does not count.
    """
    return all(_meets(version.partition("+")[0], *bound) for bound in _BOUND.findall(bounds))


def release(version: str) -> str:
    """The first two numbers of a version: `2.8` of `2.8.0`."""
    return ".".join(version.split(".")[:2])


def _meets(version: str, relation: str, limit: str) -> bool:
    if limit.endswith("*"):
        return f"{version}.".startswith(limit[:-1])
    (numbers, rest), (least, other) = _split(version), _split(limit)
    if relation == "==":
        return (numbers, rest) == (least, other)
    return (numbers >= least) == (relation == ">=")


def _split(version: str) -> tuple[tuple[int, ...], str]:
    """Its numbers, without zeros at the end, and what follows them."""
    found = _NUMBERS.match(version)
    numbers = found[0] if found else ""
    kept = _ZEROS.sub("", numbers)
    return tuple(int(number) for number in kept.split(".") if number), version[len(numbers) :]
