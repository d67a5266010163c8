"""A home's Argilla: the embedded one, or an external one by URL and key."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from labelloop import atomic
from labelloop.config.home import Home
from labelloop.config.settings import argilla_headers
from labelloop.errors import UserError

FILE = "argilla-elsewhere.json"

LONGEST_GUIDELINES = 10_000
"""Argilla's limit, in characters."""


@dataclass(frozen=True)
class ArgillaAccess:
    """An Argilla's address and the owner's key. `headers` go with every request."""

    url: str
    key: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class GivenArgilla:
    """The user's options for an external Argilla."""

    url: str | None = None
    key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def choose_elsewhere(home: Home | None, given: GivenArgilla) -> ArgillaAccess | None:
    """The external Argilla from the options, or from the home's record; None if there is neither.

    Raises UserError if a part is missing.
    """
    recorded = find_elsewhere(home) if home is not None else None
    if given.url is not None:
        url = given.url.rstrip("/")
        key = given.key or (recorded.key if recorded and recorded.url == url else None)
        if key is None:
            raise UserError(f"no key for the Argilla at {given.url}: give an owner's key with --argilla-key")
        # Without a home, the environment is a service's, which has headers in another form.
        return ArgillaAccess(url, key, given.headers or (argilla_headers() if home is None else {}))
    if recorded is not None:
        return ArgillaAccess(recorded.url, given.key or recorded.key, given.headers or recorded.headers)
    if given.key is not None:
        raise UserError("--argilla-key is for an external Argilla: give its --argilla-url too")
    return None


def find_elsewhere(home: Home) -> ArgillaAccess | None:
    """The external Argilla that this home uses, or None for the embedded one. Raises UserError."""
    path = home.path / FILE
    try:
        return ArgillaAccess(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read ({error}): remove it, then give --argilla-url and --argilla-key again"
        ) from error


def save_elsewhere(home: Home, access: ArgillaAccess) -> None:
    """Save it for this home, readable only by its user."""
    atomic.write(home.path / FILE, json.dumps(asdict(access)), mode=atomic.THIS_USER)
