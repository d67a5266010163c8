"""When an alert is raised: the rules, and the settings of the service."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from labelloop.config.environment import ALERTS
from labelloop.config.service_settings import needed, number
from labelloop.durations import duration
from labelloop.errors import UserError

ALERT = "LABELLOOP_ALERT"
RULE = "LABELLOOP_ALERT_RULE"
WATCH = "LABELLOOP_ALERT_WATCH"
STATE = "LABELLOOP_ALERT_STATE"
OFF = "off"
BOOK = "alerts.json"
"""The file of alerts already sent, in the folder of the state."""


@dataclass(frozen=True)
class AlertRules:
    """The thresholds for alerts. None: never alert.

    `failed`: failed attempts at one piece of work. `silent`: how long a service does not answer or is not
    ready. `waiting`: how long an open batch gets no answer. `accuracy`: the drop below an earlier model.
    `agreement`: a batch's agreement below this. `lag`: the age of the oldest event that is not folded.
    """

    failed: int | None = 1
    silent: timedelta | None = timedelta(minutes=2)
    waiting: timedelta | None = timedelta(days=1)
    accuracy: float | None = 0.05
    agreement: float | None = 0.6
    lag: timedelta | None = timedelta(minutes=5)

    @property
    def off(self) -> set[str]:
        """The names of the rules that are off."""
        return {rule.name for rule in fields(self) if getattr(self, rule.name) is None}


@dataclass(frozen=True)
class AlertSettings:
    """Settings of the alerting service. `urls` are Apprise URLs.

    `watch`: the address of each service's health pages, by name. `state`: the folder for alerts already sent.
    """

    log: str
    urls: tuple[str, ...] = field(repr=False)
    state: Path
    rules: AlertRules = AlertRules()
    watch: Mapping[str, str] = field(default_factory=dict)
    run: Path | None = None
    parent: int | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = ALERTS) -> "AlertSettings":
        """Raises UserError if a setting is missing or invalid."""
        return cls(
            log=needed(environment, "LABELLOOP_LOG"),
            urls=tuple(needed(environment, ALERT).split()),
            state=Path(needed(environment, STATE)),
            rules=rules_in(environment),
            watch=dict(_address(each) for each in (environment.get(WATCH) or "").split()),
            run=Path(environment["LABELLOOP_RUN"]) if environment.get("LABELLOOP_RUN") else None,
            parent=number(environment, "LABELLOOP_PARENT", 0) or None,
        )


def rules_in(environment: Mapping[str, str]) -> AlertRules:
    """The rules that a deployment has. Raises UserError."""
    given = (environment.get(RULE) or "").split(";")
    return read_rules(_pair(RULE, each, "for example waiting=2d") for each in given if each.strip())


def read_rules(pairs: Iterable[tuple[str, str]]) -> AlertRules:
    """The rules, with the given values instead of defaults. Raises UserError."""
    changes: dict[str, Any] = {_rule_name(name): _value(name, value) for name, value in pairs}
    return replace(AlertRules(), **changes)


def written(pairs: Iterable[tuple[str, str]]) -> str:
    """The text that `from_environment` reads."""
    return "; ".join(f"{name}={value}" for name, value in pairs)


def _rule_name(name: str) -> str:
    names = [rule.name for rule in fields(AlertRules)]
    if name not in names:
        raise UserError(f"there is no alert rule {name!r}: choose from {', '.join(names)}")
    return name


def _value(name: str, value: str) -> int | float | timedelta | None:
    if value == OFF:
        return None
    default = getattr(AlertRules(), name)
    if isinstance(default, timedelta):
        length = duration(value)
        if length is None:
            raise UserError(f"the rule {name} is {value!r}: give a time such as 90s, 15min, 2h or 3d, or off")
        return length
    try:
        number = type(default)(value)
    except ValueError:
        number = -1
    if not 0 < number < float("inf"):
        raise UserError(f"the rule {name} is {value!r}: give a number such as {default}, or off")
    return number  # type: ignore[no-any-return]


def _address(pair: str) -> tuple[str, str]:
    name, url = _pair(WATCH, pair, "for example trainer=http://trainer:8080")
    if not _is_web_address(url):
        raise UserError(f"{WATCH}: {url!r} is not a web address: give one such as http://trainer:8080")
    return name, url.rstrip("/")


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _pair(variable: str, pair: str, example: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not (equals and name.strip() and value.strip()):
        raise UserError(f"{variable}: {pair.strip()!r} does not have the form NAME=VALUE, {example}")
    return name.strip(), value.strip()
