"""The suggesters that a project can choose, with their parameters as users give and events record them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from labelloop.errors import UserError
from labelloop.learner.descriptors import check_parameter
from labelloop.loop.suggestions import LLM, MODEL
from labelloop.machines.label_functions import FUNCTIONS, RULES
from labelloop.machines.prompt import LABELS, TEMPLATE, TEMPLATE_OF_SEVERAL
from schemas.parts import MULTI_LABEL, Choice

LONGEST_FILE = 100_000
MOST_RULES = 1000
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class LlmParameters:
    """What a project says of its language model. Prices are for a million tokens, in any currency."""

    model: str
    template: str
    temperature: float = 0.0
    max_tokens: int = 200
    max_characters: int = 8000
    timeout: float = 60.0
    per_second: float = 2.0
    price_in: float | None = None
    price_out: float | None = None
    max_cost: float | None = None
    max_batch_cost: float | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, Any], template: str = TEMPLATE) -> Self:
        """Raises UserError for what cannot be."""
        owner = f"the suggester {LLM}"
        for name, value in parameters.items():
            check_parameter(owner, KINDS, name, value)
        if not str(parameters.get("model", "")).strip():
            raise UserError(
                f"{owner} needs a model: give --suggest-parameter model=…, as its endpoint calls it"
            )
        made = cls(**{"template": template, **parameters})
        made._check(owner)
        return made

    def _check(self, owner: str) -> None:
        if LABELS not in self.template:
            raise UserError(f"the template does not say where the labels stand: write {LABELS} into it")
        for name in POSITIVE:
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and value > 0):
                raise UserError(f"parameter {name} of {owner} is {value}: give more than 0")
        for name in ("price_in", "price_out", "temperature"):
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and value >= 0):
                raise UserError(f"parameter {name} of {owner} is {value}: give 0 or more")
        is_limited = self.max_cost is not None or self.max_batch_cost is not None
        if is_limited and (self.price_in is None or self.price_out is None):
            raise UserError(
                f"{owner} cannot tell what it costs: give --suggest-parameter price_in=… and price_out=…, "
                "for a million tokens"
            )

    @property
    def recorded(self) -> dict[str, Any]:
        """All of them, also the defaults, so that a later version changes nothing."""
        return {name: value for name in KINDS if (value := getattr(self, name)) is not None}

    def cost(self, tokens_in: int, tokens_out: int) -> float | None:
        """What so many tokens cost. None without prices."""
        if self.price_in is None or self.price_out is None:
            return None
        return round((tokens_in * self.price_in + tokens_out * self.price_out) / 1e6, 12)


KINDS: Mapping[str, type] = {
    "model": str,
    "template": str,
    "temperature": float,
    "max_tokens": int,
    "max_characters": int,
    "timeout": float,
    "per_second": float,
    "price_in": float,
    "price_out": float,
    "max_cost": float,
    "max_batch_cost": float,
}
POSITIVE = ("max_tokens", "max_characters", "timeout", "per_second", "max_cost", "max_batch_cost")


def chosen(name: str, given: Mapping[str, Any], labels: Mapping[str, str], task: str) -> Choice:
    """The suggester that a user names, as events record it. Raises UserError.

    `given`: its parameters, of which `template` and `file` name files. `labels`: how each label is called, by
    its name.
    """
    if name == MODEL:
        _take_none(name, given)
        return Choice(name=MODEL)
    if name == LLM:
        return _llm(given, TEMPLATE_OF_SEVERAL if task == MULTI_LABEL else TEMPLATE)
    if name == RULES:
        if set(given) != {"file"}:
            raise UserError(
                f"the suggester {RULES} reads one file of patterns: give --suggest-parameter "
                "file=rules.yaml, and no other parameter"
            )
        return Choice(name=RULES, parameters={"rules": read_rules(given["file"], labels)})
    functions = FUNCTIONS.get(name)
    _take_none(name, given)
    return Choice(name=functions.name)


def merged(now: Choice, given: Mapping[str, Any], labels: Mapping[str, str], task: str) -> Choice:
    """The same suggester with these parameters in the place of its own. Raises UserError."""
    if now.name != LLM:
        return chosen(now.name, given, labels, task)
    before = dict(now.parameters)
    return _llm(given, str(before.pop("template")), before)


def _llm(given: Mapping[str, Any], template: str, before: Mapping[str, Any] = NOTHING) -> Choice:
    own = {**given, **({"template": _read(given["template"])} if "template" in given else {})}
    return Choice(name=LLM, parameters=LlmParameters.of({**before, **own}, template).recorded)


def read_rules(path: str, labels: Mapping[str, str]) -> list[list[str]]:
    """Pairs of a label and a pattern from a YAML file, which has patterns by label. Raises UserError."""
    import yaml

    text = _read(path)
    try:
        content, node = yaml.load(text, yaml.BaseLoader), yaml.compose(text, yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise UserError(f"{path} is no YAML ({' '.join(str(error).split())[:200]}): correct it") from error
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path} holds no patterns: write a label, a colon, and under it a list of patterns")
    assert isinstance(node, yaml.MappingNode)
    times = Counter(key.value for key, _ in node.value)
    if twice := [label for label, count in times.items() if count > 1]:
        raise UserError(f"{path} has the label {twice[0]!r} twice: write all its patterns under one")
    names = {shown: name for name, shown in labels.items()}
    rules = []
    for label, patterns in content.items():
        if label not in names:
            raise UserError(f"{path} has the label {label!r}, which the project does not: correct it")
        for pattern in patterns if patterns and isinstance(patterns, list) else [patterns]:
            if not isinstance(pattern, str) or not pattern:
                raise UserError(f"{path} has no pattern under {label!r}: write a list of patterns")
            try:
                re.compile(pattern)
            except (re.error, RecursionError, OverflowError) as error:
                raise UserError(
                    f"{path}: {pattern!r} is no regular expression ({error}): correct it"
                ) from error
            rules.append([names[label], pattern])
    if len(rules) > MOST_RULES:
        raise UserError(f"{path} has {len(rules):,} patterns: give at most {MOST_RULES:,}")
    return rules


def _take_none(name: str, given: Mapping[str, Any]) -> None:
    if given:
        raise UserError(f"the suggester {name} has no parameters: leave out {', '.join(sorted(given))}")


def _read(path: Any) -> str:
    try:
        text = Path(str(path)).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UserError(
            f"the file {path} cannot be read ({error}): check its path; it must be a text file in UTF-8"
        ) from error
    if len(text) > LONGEST_FILE:
        raise UserError(f"the file {path} has more than {LONGEST_FILE:,} characters: give a shorter one")
    return text
