"""Plugins by name: entry points of installed packages, or `module:Name` in LABELLOOP_PLUGINS.

A name only selects one of these plugins. It is never imported itself, so a name in the log cannot make a
service run other code.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from labelloop.config.environment import PLUGINS
from labelloop.errors import UserError, one_line
from labelloop.startup import search_working_folder

LISTED = "LABELLOOP_PLUGINS"
OURS = "labelloop"
LONGEST = 80

PathVersion = tuple[tuple[str, int], ...]


class Named(Protocol):
    """A descriptor: a plugin's name and parameters. It is cheap to import."""

    @property
    def name(self) -> str: ...


D = TypeVar("D", bound=Named)


def kebab(name: str) -> str:
    """`BreakingTies` as `breaking-ties`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def plain(name: str) -> str:
    """A name without case, dashes, underscores and spaces, for comparison."""
    return re.sub(r"[-_ ]", "", name).lower()


def near(name: str, offered: Iterable[str], default: str = "") -> str:
    """Similar names, joined by "or", or the default."""
    return " or ".join(get_close_matches(kebab(name[:LONGEST]), list(offered), n=3, cutoff=0.5) or [default])


@dataclass(frozen=True, order=True)
class Declared:
    """A declared plugin: its name, `module:attribute`, and the package that declares it."""

    name: str
    by: str
    target: str

    def load(self) -> Any:
        """Import it. Raises UserError."""
        return imported(self.target, f"{self.name}, which {self.by} declares,")


def declared(group: str) -> list[Declared]:
    """What the installed packages declare in a group, by name."""
    return list(_declared(group, _path_version()))


@lru_cache(maxsize=16)
def _declared(group: str, path_version: PathVersion) -> tuple[Declared, ...]:
    """Read once: it takes a command longer than most of what it does."""
    return tuple(sorted(map(_of_package, entry_points(group=group))))


def _path_version() -> PathVersion:
    """The folders that Python imports from, and when each last changed, as an installation changes one."""
    version = []
    for folder in sys.path:
        with suppress(OSError):
            version.append((folder, Path(folder or ".").stat().st_mtime_ns))
    return tuple(version)


def only(candidates: Sequence[Declared], group: str) -> Declared:
    """The only plugin with a name. Raises UserError if two packages declare different ones."""
    for other in candidates[1:]:
        if other.target != candidates[0].target:
            raise UserError(
                f"{candidates[0].by} and {other.by} both declare {candidates[0].name} in {group}: "
                f"{candidates[0].target} and {other.target}; keep one of them"
            )
    return candidates[0]


def imported(target: str, what: str) -> Any:
    """The object that `module:attribute` names. Raises UserError, whose message starts with `what`."""
    module, _, attribute = target.partition(":")
    try:
        target_object = import_module(module)
    except Exception as error:
        raise UserError(f"{what} cannot be imported: {_line(error)}") from error
    for part in attribute.split("."):
        if not hasattr(target_object, part):
            raise UserError(f"{what} cannot be imported: the module {module} has no {attribute}")
        target_object = getattr(target_object, part)
    return target_object


def loaded(load: str | Callable[[], Any], what: str) -> Any:
    """The object that a descriptor loads, from `module:attribute` or a function. Raises UserError."""
    if isinstance(load, str):
        return imported(load, what)
    try:
        return load()
    except Exception as error:
        raise UserError(f"{what} cannot be imported: {_line(error)}") from error


class Plugins(Generic[D]):
    """The descriptors of one kind, from an entry-point group and LABELLOOP_PLUGINS.

    `what` is the kind in words. `ours`: labelloop itself declares some. Names are compared without case and
    dashes. `beside`: names of this kind that are no plugins.
    """

    def __init__(
        self, group: str, kind: type[D], what: str, *, ours: bool = True, beside: Sequence[str] = ()
    ) -> None:
        self.group = group
        self._kind = kind
        self._what = what
        self._ours = ours
        self._beside = beside

    def names(self) -> tuple[str, ...]:
        """All names, sorted, including those of plugins that cannot be loaded."""
        return tuple(sorted({each.name for each in self._declared()}))

    def get(self, name: str) -> D:
        """The descriptor with a name. Raises UserError if there is none, or two, or if it cannot load."""
        return self._get(name, self._declared())

    def all(self) -> dict[str, D]:
        """Every descriptor that can be loaded, by name."""
        return {name: plugin for name, plugin in self._each() if not isinstance(plugin, UserError)}

    def faults(self) -> list[str]:
        """Why plugins cannot be loaded, one line each."""
        return [str(plugin) for _, plugin in [*_listed(), *self._each()] if isinstance(plugin, UserError)]

    def _each(self) -> Iterator[tuple[str, D | UserError]]:
        all_declared = self._declared()
        for name in sorted({each.name for each in all_declared}):
            try:
                yield name, self._get(name, all_declared)
            except UserError as error:
                yield name, error

    def _get(self, name: str, all_declared: Sequence[Declared]) -> D:
        matching = [each for each in all_declared if plain(each.name) == plain(name)]
        if not matching:
            raise UserError(self._none(name, all_declared))
        return self._checked(only(matching, self.group))

    def _declared(self) -> list[Declared]:
        return declared(self.group) + [
            Declared(kebab(plugin.name), LISTED, target)
            for target, plugin in _listed()
            if isinstance(plugin, self._kind)
        ]

    def _checked(self, each: Declared) -> D:
        plugin = each.load()
        if not isinstance(plugin, self._kind):
            raise UserError(
                f"{each.target}, which {each.by} declares as the {self._what} {each.name}, "
                f"is not a {self._kind.__name__}"
            )
        if plain(plugin.name) != plain(each.name):
            raise UserError(
                f"{each.by} declares the {self._what} {each.name}, "
                f"and {each.target} calls itself {plugin.name}: give it one name"
            )
        return plugin

    def _none(self, name: str, all_declared: Sequence[Declared]) -> str:
        if self._ours and not any(each.by == OURS for each in all_declared):
            return (
                f"labelloop's own entry points {self.group} are missing: its installation is older than "
                "its code; install it again, then restart its services"
            )
        names = sorted({*self._beside, *(each.name for each in all_declared)})
        like = near(name, names)
        meant = f"; did you mean {like}? Or" if like else ";"
        listed = ", ".join(names) or "none"
        faults = "".join(f"; {fault}" for _, fault in _listed() if isinstance(fault, UserError))
        return (
            f"there is no {self._what} {name[:LONGEST]!r}{meant} install the package that has it, or list it "
            f"in {LISTED}{faults}; in this deployment there are: {listed}"
        )


def _of_package(point: EntryPoint) -> Declared:
    by = point.dist.name if point.dist else "a package"
    return Declared(point.name, by, f"{point.module}:{point.attr}")


def _listed() -> list[tuple[str, Any]]:
    """The imported entries of LABELLOOP_PLUGINS. One that cannot be imported has its UserError instead."""
    targets = re.split(r"[,\s]+", PLUGINS.get(LISTED, "").strip())
    return [(target, _of_list(target)) for target in targets if target]


def _of_list(target: str) -> Any:
    if not re.fullmatch(r"[\w.]+:[\w.]+", target):
        return UserError(f"{LISTED} lists {target[:LONGEST]!r}: write each plugin as module:Name")
    search_working_folder()
    try:
        return imported(target, f"{target}, which {LISTED} lists,")
    except UserError as error:
        return error


def _line(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}")
