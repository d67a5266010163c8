"""Label functions: small functions that look at a text and give it a label, or do not."""

import hashlib
import inspect
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labelloop.errors import UserError
from labelloop.loop.suggestions import LLM, MODEL, rule_name
from labelloop.plugins import Plugins
from schemas.fields import UNSAID
from schemas.parts import FunctionVote, SuggestedItem

LONGEST_TEXT = 20_000
"""So many characters of a text do patterns search."""
LabelFunction = Callable[[str], Any]


@dataclass(frozen=True)
class LabelFunctions:
    """A set of label functions, which a project chooses by its name.

    Each gets a text, and returns a label of the project, or None if it cannot tell. Where a text may have
    several labels, it may also return a list of them.
    """

    name: str
    functions: Sequence[LabelFunction]

    def __post_init__(self) -> None:
        names = [function.__name__ for function in self.functions]
        if not names or len(set(names)) < len(names):
            raise UserError(f"the label functions {self.name} are none, or two have one name: correct them")

    @property
    def by_name(self) -> Mapping[str, LabelFunction]:
        """The functions by their names, in order."""
        return {function.__name__: function for function in self.functions}


RULES = "rules"
FUNCTIONS = Plugins(
    "labelloop.functions", LabelFunctions, "suggester", ours=False, beside=(MODEL, LLM, RULES)
)


def of_rules(rules: Iterable[Sequence[str]]) -> dict[str, LabelFunction]:
    """A function for each pair of a label and a pattern. Raises UserError."""
    made = {}
    for place, (label, pattern) in enumerate(rules, 1):
        try:
            made[rule_name(place)] = _searching(label, re.compile(pattern))
        except (re.error, RecursionError, OverflowError) as error:
            raise UserError(f"pattern {place} is no regular expression: {error}") from error
    return made


def release_of(functions: Mapping[str, LabelFunction]) -> str:
    """A digest of the code of functions, as far as Python can show it."""
    return hashlib.sha256(json.dumps([*map(_code, functions.values())]).encode()).hexdigest()


def labels_of(result: Any, names: Mapping[str, str], *, several: bool) -> tuple[str, ...] | None:
    """The labels that a function returned. None: what it returned is nothing that it may.

    `names`: the labels by how they are called now.
    """
    given = [] if result is None else [result] if isinstance(result, str) else result
    if not isinstance(given, list | tuple | set) or not all(
        isinstance(each, str) and each in names for each in given
    ):
        return None
    labels = tuple(dict.fromkeys(names[each] for each in given))
    return labels if several or len(labels) <= 1 else None


def combined(
    item: int, votes: Mapping[str, tuple[str, ...]], order: Sequence[str], *, failed: bool, several: bool
) -> SuggestedItem:
    """What the votes of functions come to: the majority's label, or of several labels all that were given."""
    votes_given = tuple(
        FunctionVote(function=name, labels=labels) for name, labels in votes.items() if labels
    )
    counts = Counter(label for vote in votes_given for label in vote.labels)
    most = max(counts.values(), default=0)
    leading = tuple(label for label in order if counts[label] and (several or counts[label] == most))
    if leading and (several or len(leading) == 1):
        return SuggestedItem(item=item, labels=leading, votes=votes_given)
    why = "divided" if leading else "failed" if failed else "unsure"
    return SuggestedItem(item=item, abstained=why, votes=votes_given or UNSAID)


def _searching(label: str, pattern: "re.Pattern[str]") -> LabelFunction:
    def search(text: str) -> str | None:
        return label if pattern.search(text, 0, LONGEST_TEXT) else None

    search.__doc__ = pattern.pattern
    return search


def _code(function: LabelFunction) -> list[str]:
    try:
        code = inspect.getsource(function)
    except (OSError, TypeError):
        code = ""
    return [function.__name__, function.__doc__ or "", code]
