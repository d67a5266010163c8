"""Python and the packages: what is installed against what labelloop needs."""

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata

from labelloop.doctor.finding import FAIL, OK, WARN, Finding

_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)(\[[^]]*\])?\s*\(?(?P<bounds>[^;)]*)\)?(;.*\bextra == ['\"](?P<extra>[\w-]+)['\"])?"
)
_BOUND = re.compile(r"(>=|<|==)\s*([\w.*]+)")
_NUMBERS = re.compile(r"\d+(\.\d+)*")
_ZEROS = re.compile(r"(\.0+)+$")
NAME = "labelloop"


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


def check_python() -> Finding:
    return judge_python(platform.python_version(), _needed_python())


def judge_python(version: str, bounds: str) -> Finding:
    if fits(version, bounds):
        return Finding("python", OK, f"Python {version}")
    return Finding(
        "python",
        FAIL,
        f"Python {version}, and labelloop needs {bounds}: make its environment with such a one",
    )


def check_versions(wanted: Mapping[str, str]) -> list[Finding]:
    """`wanted`: the extras that this machine has a use for, and what is not possible without each."""
    needed = requirements()
    installed = {each.name: _version(each.name) for each in needed}
    return judge_versions(_version(NAME) or "", needed, installed, wanted)


def judge_versions(
    version: str,
    needed: Sequence[Requirement],
    installed: Mapping[str, str | None],
    wanted: Mapping[str, str],
) -> list[Finding]:
    findings = [*_misfits(needed, installed, wanted), *_absent(needed, installed, wanted)]
    if findings:
        return findings
    extras = f" with {', '.join(sorted(wanted))}" if wanted else ""
    return [Finding("versions", OK, f"labelloop {version}{extras}")]


def requirements() -> list[Requirement]:
    """What labelloop needs, extras included."""
    try:
        return [parse(line) for line in metadata.requires(NAME) or ()]
    except metadata.PackageNotFoundError:
        return []


def _misfits(
    needed: Sequence[Requirement], installed: Mapping[str, str | None], wanted: Mapping[str, str]
) -> Iterator[Finding]:
    for each in needed:
        version = installed[each.name]
        if each.extra in (None, *wanted) and version is not None and not fits(version, each.bounds):
            said = f"{each.name} {version}, and labelloop needs {each.bounds}"
            yield Finding("versions", FAIL, f"{said}: run pip install '{_distribution(each.extra)}'")


def _absent(
    needed: Sequence[Requirement], installed: Mapping[str, str | None], wanted: Mapping[str, str]
) -> Iterator[Finding]:
    for extra in (None, *wanted):
        absent = [each.name for each in needed if each.extra == extra and installed[each.name] is None]
        if absent:
            without = f", and without it {wanted[extra]}" if extra else ""
            yield Finding(
                "versions",
                WARN if extra else FAIL,
                f"not installed: {', '.join(absent)}{without}: run pip install '{_distribution(extra)}'",
            )


def _distribution(extra: str | None) -> str:
    return f"{NAME}[{extra}]" if extra else NAME


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _needed_python() -> str:
    try:
        return metadata.metadata(NAME)["Requires-Python"] or ""
    except metadata.PackageNotFoundError:
        return ""
