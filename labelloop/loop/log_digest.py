"""The digest of a project's log: a chain over every event that its history took, in their order.

h(0) is 32 zero bytes, and h(n) = sha256(h(n-1), attributes, "\\n", data). The attributes are the event's
CloudEvents attributes as a JSON list of [name, value], sorted by name, in ASCII and without spaces. So the
digest is the same on each kind of log, and changes with the order, the time or the source of an event.
"""

import hashlib
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from schemas.envelope import Event

START = bytes(32).hex()


class LogDigest(NamedTuple):
    """The first `events` events of a project, and their digest in hex."""

    events: int = 0
    digest: str = START

    def followed_by(self, event: "Event") -> "LogDigest":
        """The digest with one event more."""
        attributes = event.attributes
        pairs = [f"{start}{quoted(attributes[name])}]" for name, start in _pairs(tuple(attributes))]
        content = hashlib.sha256(bytes.fromhex(self.digest) + f"[{','.join(pairs)}]\n".encode())
        content.update(event.data)
        return LogDigest(self.events + 1, content.hexdigest())

    def __str__(self) -> str:
        return f"{self.events}:{self.digest}"


@lru_cache(maxsize=64)
def _pairs(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """The names in their order, each with how its pair begins. Most events have the same names."""
    return [(name, f"[{quoted(name)},") for name in sorted(names)]


EMPTY = LogDigest()
