"""Alerts: the rules for when they are raised, and the addresses that they go to."""

import hashlib
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from labelloop.config.environment import ALERTS
from labelloop.config.settings import needed, number
from labelloop.durations import duration
from labelloop.errors import Unavailable, UserError, one_line

ALERT = "LABELLOOP_ALERT"
RULE = "LABELLOOP_ALERT_RULE"
WATCH = "LABELLOOP_ALERT_WATCH"
STATE = "LABELLOOP_ALERT_STATE"
OFF = "off"
BOOK = "alerts.json"
"""The file of alerts already sent, in the folder of the state."""
SHORTEST = 6
HIDDEN = "***"


@dataclass(frozen=True)
class Rules:
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
    rules: Rules = Rules()
    watch: Mapping[str, str] = field(default_factory=dict)
    run: Path | None = None
    parent: int | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = ALERTS) -> "AlertSettings":
        """Raises UserError if a setting is missing or invalid."""
        rules = (environment.get(RULE) or "").split(";")
        return cls(
            log=needed(environment, "LABELLOOP_LOG"),
            urls=tuple(needed(environment, ALERT).split()),
            state=Path(needed(environment, STATE)),
            rules=read_rules(_pair(RULE, each, "for example waiting=2d") for each in rules if each.strip()),
            watch=dict(_address(each) for each in (environment.get(WATCH) or "").split()),
            run=Path(environment["LABELLOOP_RUN"]) if environment.get("LABELLOOP_RUN") else None,
            parent=number(environment, "LABELLOOP_PARENT", 0) or None,
        )


def read_rules(pairs: Iterable[tuple[str, str]]) -> Rules:
    """The rules, with the given values instead of defaults. Raises UserError."""
    changes: dict[str, Any] = {_known(name): _value(name, value) for name, value in pairs}
    return replace(Rules(), **changes)


def written(pairs: Iterable[tuple[str, str]]) -> str:
    """The text that `from_environment` reads."""
    return "; ".join(f"{name}={value}" for name, value in pairs)


def _known(name: str) -> str:
    names = [rule.name for rule in fields(Rules)]
    if name not in names:
        raise UserError(f"there is no alert rule {name!r}: choose from {', '.join(names)}")
    return name


def _value(name: str, value: str) -> int | float | timedelta | None:
    if value == OFF:
        return None
    default = getattr(Rules(), name)
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


@dataclass(frozen=True)
class Message:
    """The message of an alert. `is_over`: the problem has ended."""

    title: str
    text: str
    is_over: bool = False


@dataclass(frozen=True)
class Target:
    """A target. `name` is for messages and contains no secret; `id` is the same for the same URL."""

    name: str
    id: str
    _url: str = field(repr=False)
    _service: Any = field(repr=False, compare=False)

    async def send(self, message: Message) -> None:
        """Send a message. Raises Unavailable if it was not accepted."""
        from apprise import Apprise, NotifyType

        kind = NotifyType.SUCCESS if message.is_over else NotifyType.WARNING
        apprise = Apprise()
        apprise.add(self._service)
        result = await apprise.async_notify(
            body=message.text,
            title=f"labelloop: {message.title}",
            notify_type=kind,
            log_level=logging.WARNING,
        )
        if not result:
            complaint = hidden(" ".join(line.message for line in result.logs()), self._url)
            reason = one_line(complaint) or "it refused the message"
            raise Unavailable(f"{self.name} cannot be reached: {reason}", outage=self.name)


def targets(urls: Sequence[str]) -> list[Target]:
    """The targets at these URLs. Raises UserError for a URL that Apprise cannot use."""
    try:
        from apprise import Apprise
    except ImportError as error:
        raise UserError(
            f"alerts need one more package ({error}): pip install 'labelloop[alerting]'"
        ) from error
    # Apprise's log lines may contain parts of a URL, so the sender reports errors instead.
    apprise_log = logging.getLogger("apprise")
    apprise_log.propagate, apprise_log.handlers = False, [logging.NullHandler()]
    usable = []
    for place, url in enumerate(dict.fromkeys(urls), 1):
        scheme = url.partition("://")[0]
        service = Apprise.instantiate(url)
        if service is None:
            raise UserError(
                f"alert address {place} ({scheme[:20]}://…) is none that Apprise knows: see docs/alerting.md"
            )
        digest = hashlib.sha256(url.encode()).hexdigest()[:12]
        usable.append(Target(f"alert address {place} ({scheme}://…)", digest, url, service))
    return usable


def hidden(text: str, url: str) -> str:
    """A text without the parts of a URL, because any of them may be a secret.

    Short parts may be ordinary words, so they stay, except for the user and the password.
    """
    place = url.partition("://")[2]
    parts = {form for part in re.split(r"[/@:?&=#,]+", place) for form in (part, unquote(part))}
    for part in sorted((url, *parts), key=len, reverse=True):
        if len(part) >= SHORTEST:
            text = text.replace(part, HIDDEN)
    user = re.split("[/?#]", place)[0].rpartition("@")[0]
    for part in {
        form for credential in user.split(":") if credential for form in (credential, unquote(credential))
    }:
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", HIDDEN, text)
    return text
