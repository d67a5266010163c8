"""What a distribution says it needs, and whether a version meets it. Pure."""

import re
from dataclasses import dataclass

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(\[[^]]*\])?\s*\(?(?P<bounds>[^;)]*)\)?(;.*\bextra == ['\"](?P<extra>[\w-]+)['\"])?"
)
_BOUND = re.compile(r"(>=|<|==)\s*([\w.]+)")
_NUMBERS = re.compile(r"\d+(\.\d+)*")


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
    """Whether a version lies within bounds of `>=`, `<` and `==`; a local part (`+cpu`) does not count."""
    return all(_meets(version.partition("+")[0], *bound) for bound in _BOUND.findall(bounds))


def release(version: str) -> str:
    """The first two numbers of a version: `2.8` of `2.8.0`."""
    return ".".join(version.split(".")[:2])


def _meets(version: str, relation: str, limit: str) -> bool:
    if relation == "==":
        return version == limit
    return (_numbers(version) >= _numbers(limit)) == (relation == ">=")


def _numbers(version: str) -> tuple[int, ...]:
    found = _NUMBERS.match(version)
    return tuple(map(int, found[0].split("."))) if found else ()
