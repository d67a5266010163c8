"""A home's Argilla: the embedded one, or an external one by URL and key."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from labelloop import atomic
from labelloop.config.home import Home
from labelloop.config.service_settings import argilla_headers
from labelloop.errors import UserError

FILE = "argilla-elsewhere.json"

LONGEST_GUIDELINES = 10_000
"""Argilla's limit, in characters."""


@dataclass(frozen=True)
class ArgillaAccess:
    """An Argilla's address and the owner's key. `headers` go with every request.

    `public_url`: the address at which people open its page, if it is another one.
    """

    url: str
    key: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    public_url: str | None = None

    @property
    def page(self) -> str:
        """The address that people open."""
        return self.public_url or self.url


@dataclass(frozen=True)
class GivenArgilla:
    """The user's options for an external Argilla."""

    url: str | None = None
    key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    public_url: str | None = None

    def shown(self, access: ArgillaAccess) -> ArgillaAccess:
        """The access with the given address for people, if one was given."""
        if not self.public_url:
            return access
        return replace(access, public_url=self.public_url.rstrip("/"))


def choose_elsewhere(home: Home | None, argilla_options: GivenArgilla) -> ArgillaAccess | None:
    """The external Argilla from the options, or from the home's record; None if there is neither.

    Raises UserError if a part is missing.
    """
    recorded = find_elsewhere(home) if home is not None else None
    if argilla_options.url is not None:
        url = argilla_options.url.rstrip("/")
        key = argilla_options.key or (recorded.key if recorded and recorded.url == url else None)
        if key is None:
            raise UserError(
                f"no key for the Argilla at {argilla_options.url}: give an owner's key with --argilla-key"
            )
        # Without a home, the environment is a service's, which has headers in another form.
        headers = argilla_options.headers or (argilla_headers() if home is None else {})
        public_url = recorded.public_url if recorded and recorded.url == url else None
        return argilla_options.shown(ArgillaAccess(url, key, headers, public_url))
    if recorded is not None:
        return argilla_options.shown(
            replace(
                recorded,
                key=argilla_options.key or recorded.key,
                headers=argilla_options.headers or recorded.headers,
            )
        )
    if argilla_options.key is not None:
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
    # 0.1.0 refuses a name that it does not know.
    content = {name: value for name, value in asdict(access).items() if value is not None}
    atomic.write(home.path / FILE, json.dumps(content), mode=atomic.THIS_USER)
