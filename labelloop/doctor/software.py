"""Compare the installed Python, packages and plugins with what labelloop needs."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from packaging.requirements import Requirement as Declared
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from labelloop.doctor import FAIL, OK, WARN, Finding
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.stopping.registry import CRITERIA
from labelloop.learner.strategies.registry import STRATEGIES
from labelloop.log.open import LOGS
from labelloop.machines.label_functions import FUNCTIONS
from labelloop.oracle.base import ORACLES
from labelloop.plugins import Plugins

NAME = "labelloop"
KINDS: tuple[Plugins[Any], ...] = (CLASSIFIERS, STRATEGIES, CRITERIA, FUNCTIONS, LOGS, ORACLES)


@dataclass(frozen=True)
class Requirement:
    """A required package. `extra` None: always needed. `bounds`: for example `<14,>=13`."""

    name: str
    extra: str | None
    bounds: str


def parse(line: str, extras: Sequence[str]) -> Requirement | None:
    """A line of `Requires-Dist`, or None if neither this machine nor one of the extras needs it."""
    declared = Declared(line)
    for extra in (None, *extras):
        if declared.marker is None or declared.marker.evaluate({"extra": extra or ""}):
            return Requirement(declared.name, extra, str(declared.specifier))
    return None


def fits(version: str, bounds: str) -> bool:
    """Whether a version is within bounds such as `<14,>=13`. Pre-releases are allowed."""
    try:
        # A Python built between two releases has a `+` at the end of its version.
        return SpecifierSet(bounds).contains(Version(version.removesuffix("+")), prereleases=True)
    except InvalidVersion:
        return False


def release(version: str) -> str:
    """The first two numbers of a version: `2.8` for `2.8.0`. An invalid version is returned unchanged."""
    try:
        parsed = Version(version)
    except InvalidVersion:
        return version
    return f"{parsed.major}.{parsed.minor}"


def check_python() -> Finding:
    return judge_python(platform.python_version(), _needed_python())


def judge_python(version: str, bounds: str) -> Finding:
    if fits(version, bounds):
        return Finding("python", OK, f"Python {version}")
    return Finding(
        "python",
        FAIL,
        f"Python {version}, but labelloop needs {bounds}: create its environment with such a Python",
    )


def check_versions(needed_extras: Mapping[str, str]) -> list[Finding]:
    """Check the packages. `needed_extras`: those that this machine needs, and what is impossible without."""
    needed = requirements()
    installed = {each.name: _version(each.name) for each in needed}
    return judge_versions(_version(NAME) or "", needed, installed, needed_extras)


def judge_versions(
    version: str,
    needed: Sequence[Requirement],
    installed: Mapping[str, str | None],
    needed_extras: Mapping[str, str],
) -> list[Finding]:
    findings = [*_misfits(needed, installed, needed_extras), *_absent(needed, installed, needed_extras)]
    if findings:
        return findings
    extras = f" with {', '.join(sorted(needed_extras))}" if needed_extras else ""
    return [Finding("versions", OK, f"labelloop {version}{extras}")]


def requirements() -> list[Requirement]:
    """All requirements of labelloop, including extras."""
    try:
        extras = metadata.metadata(NAME).get_all("Provides-Extra") or []
        parsed = (parse(line, extras) for line in metadata.requires(NAME) or ())
        return [each for each in parsed if each is not None]
    except metadata.PackageNotFoundError:
        return []


def _misfits(
    needed: Sequence[Requirement], installed: Mapping[str, str | None], needed_extras: Mapping[str, str]
) -> Iterator[Finding]:
    for each in needed:
        version = installed[each.name]
        if each.extra in (None, *needed_extras) and version is not None and not fits(version, each.bounds):
            mismatch = f"{each.name} {version}, but labelloop needs {each.bounds}"
            yield Finding("versions", FAIL, f"{mismatch}: run pip install '{_distribution(each.extra)}'")


def _absent(
    needed: Sequence[Requirement], installed: Mapping[str, str | None], needed_extras: Mapping[str, str]
) -> Iterator[Finding]:
    for extra in (None, *needed_extras):
        absent = [each.name for each in needed if each.extra == extra and installed[each.name] is None]
        if absent:
            without = f", and without it {needed_extras[extra]}" if extra else ""
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


def check_plugins() -> list[Finding]:
    """One finding per plugin whose descriptor cannot be loaded."""
    faults = sorted({fault for kind in KINDS for fault in kind.faults()})
    return [Finding("plugins", FAIL, fault) for fault in faults]
