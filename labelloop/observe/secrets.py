"""Keep the deployment's secrets out of a service's output."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from labelloop.config.environment import ALL

Hide = Callable[[str], str]

HEADERS = "LABELLOOP_ARGILLA_HEADERS"
ALERT = "LABELLOOP_ALERT"
SECRET = re.compile(r"KEY|PASSWORD|SECRET|TOKEN|CREDENTIAL|AUTHORIZATION", re.IGNORECASE)
PLACE = re.compile(r"(FILE|PATH|URL|HOST)$", re.IGNORECASE)
IN_A_URL = re.compile(r"(?<=://)[^/@\s]+@")
SHORTEST = 6
HIDDEN = "***"


def hiding(environment: Mapping[str, str] = ALL) -> Hide:
    """A function that removes these settings' secrets, and credentials in URLs, from a text.

    Secrets of fewer than SHORTEST characters are not removed, because they may be ordinary words.
    """
    values = {value for value in _secrets(environment) if len(value) >= SHORTEST}
    written = {form for value in values for form in (value, json.dumps(value)[1:-1])}
    # The longest first, because one may be part of another.
    secrets = re.compile("|".join(map(re.escape, sorted(written, key=len, reverse=True))) or r"(?!)")

    def hide(text: str) -> str:
        return IN_A_URL.sub(f"{HIDDEN}@", secrets.sub(HIDDEN, text))

    return hide


def _secrets(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        content = _json(value)
        if name == ALERT:
            yield from value.split()
        elif isinstance(content, dict):
            yield from _values(content.items(), all_of_them=name == HEADERS)
        elif _is_secret(name):
            yield value.strip()


def _values(items: Iterable[tuple[Any, Any]], all_of_them: bool) -> Iterator[str]:
    for name, value in items:
        if isinstance(value, dict):
            yield from _values(value.items(), all_of_them)
        elif isinstance(value, str) and (all_of_them or _is_secret(str(name))):
            yield value
            yield value.rpartition(" ")[2]


def _is_secret(name: str) -> bool:
    return bool(SECRET.search(name)) and not PLACE.search(name)


def _json(value: str) -> Any:
    try:
        return json.loads(value) if value.startswith("{") else None
    except ValueError:
        return None
