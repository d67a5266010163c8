"""Check the parameters of plugins that users name. Every failure is a UserError."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from labelloop.errors import UserError

IN_WORDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a word",
    list: "a list",
}


def check_parameter(owner: str, known: Mapping[str, type], parameter: str, value: Any) -> None:
    """Check that the owner has the parameter and that the value has its type."""
    if parameter not in known:
        like = get_close_matches(parameter, known, n=1, cutoff=0.7)
        meant = f"did you mean {like[0]}? It" if like else "it"
        raise UserError(f"{owner} has no parameter {parameter!r}; {meant} has: {', '.join(known) or 'none'}")
    kind = known[parameter]
    accepted = (int, float) if kind is float else (kind,)
    if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
        raise UserError(
            f"parameter {parameter} of {owner} is {value!r}; give {IN_WORDS.get(kind, kind.__name__)}"
        )
