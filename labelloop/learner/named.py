"""What users name: found in any case, with parameters of the right types. Every failure is a UserError."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from labelloop.errors import UserError


def kebab(name: str) -> str:
    """`BreakingTies` as `breaking-ties`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def find(kind: str, name: str, known: Iterable[str], offered: Iterable[str], default: str) -> str:
    """The class name of what is given in any case; `offered` are names to propose instead, in kebab case."""
    plain = {each.lower(): each for each in known}
    key = re.sub(r"[-_ ]", "", name).lower()
    if key not in plain:
        raise UserError(f"there is no {kind} {name!r}; did you mean {near(name, offered, default)}?")
    return plain[key]


def near(name: str, offered: Iterable[str], default: str) -> str:
    """The names that are like this one, or the default."""
    return " or ".join(get_close_matches(kebab(name), list(offered), n=3, cutoff=0.5) or [default])


def check_parameter(owner: str, known: Mapping[str, type], parameter: str, value: Any) -> None:
    """Check that the owner has the parameter, and that the value is of its type."""
    if parameter not in known:
        offer = ", ".join(known) or "none"
        raise UserError(f"{owner} has no parameter {parameter!r}; it has: {offer}")
    kind = known[parameter]
    accepted = (int, float) if kind is float else (kind,)
    if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
        raise UserError(f"parameter {parameter} of {owner} is {value!r}; give a {kind.__name__}")
