"""The token that a request must bear: given in the environment, or made in a file for this user alone."""

import hmac
import secrets
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from labelloop import atomic
from labelloop.config import dashboard
from labelloop.config.environment import SERVING
from labelloop.config.home import Home
from labelloop.errors import UserError
from labelloop.observe.settings import A_TOKEN, bearing

LONGEST = 4096


@dataclass(frozen=True)
class Kept:
    """Where the token of a server is kept: the file in the home, and the variable that gives another."""

    file: str
    variable: str


OF_SERVE = Kept("serve.token", "LABELLOOP_SERVE_TOKEN")
OF_DASHBOARD = Kept("dashboard.token", dashboard.TOKEN)


@dataclass(frozen=True)
class Token:
    """A token. `place`: where it is, and `word`: how a shell gets it from there."""

    value: str = field(repr=False)
    place: str
    word: str


def token(
    file: Path | None,
    home: Home | None,
    environment: Mapping[str, str] = SERVING,
    kept: Kept = OF_SERVE,
) -> Token:
    """The token of a file, or of the environment, or of the home. One that is not there is made.

    A new file can be read by this user alone. Raises UserError.
    """
    given = environment.get(kept.variable)
    if file is None and given:
        return Token(_checked(given, kept.variable), f"the variable {kept.variable}", f"${kept.variable}")
    if file is None and home is None:
        raise UserError(f"there is no home to keep a token in: give --token-file, or set {kept.variable}")
    path = (home.path / kept.file if file is None and home is not None else Path(file or "")).absolute()
    if not path.exists():
        # If two servers start together, one wins and both read its file.
        atomic.write(path, secrets.token_urlsafe(32) + "\n", mode=atomic.THIS_USER, replaces=False)
    return Token(_read(path), str(path), f"$(cat {shlex.quote(str(path))})")


def login_link(url: str, value: str) -> str:
    """The link that logs in to the dashboard at this address."""
    return f"{url}/login?{urlencode({'token': value})}"


def _read(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(LONGEST + 1)
    return _checked(content.decode("ascii", "replace").strip(), str(path))


def _checked(value: str, place: str) -> str:
    if len(value) > LONGEST or not A_TOKEN.fullmatch(value):
        raise UserError(f"{place} holds no bearer token: make one, for example with `openssl rand -hex 32`")
    return value


def bears(headers: Iterable[tuple[bytes, bytes]], tokens: Iterable[str]) -> bool:
    """Whether a request bears one of the tokens. The time that it takes tells nothing of them."""
    given = [value for name, value in headers if name.lower() == b"authorization"]
    if len(given) != 1:
        return False
    scheme, _, word = given[0].partition(b" ")
    header = scheme.capitalize() + b" " + word.strip()
    awaited = [bearing(each)["Authorization"].encode() for each in tokens]
    return any(hmac.compare_digest(header, each) for each in awaited)
