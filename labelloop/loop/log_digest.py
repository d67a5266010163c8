"""The digest of a project's log: a chain over every event that its history took, in their order.

h(0) is 32 zero bytes, and h(n) = sha256(h(n-1), attributes, "\\n", data). The attributes are the event's
CloudEvents attributes as a JSON list of [name, value], sorted by name, in ASCII and without spaces. So the
digest is the same on each kind of log, and changes with the order, the time or the source of an event.
"""

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from schemas.envelope import Event

START = bytes(32).hex()
_encode = json.JSONEncoder(separators=(",", ":")).encode


class LogDigest(NamedTuple):
    """The first `events` events of a project, and their digest in hex."""

    events: int = 0
    digest: str = START

    def followed_by(self, event: "Event") -> "LogDigest":
        """The digest with one event more."""
        attributes = _encode(sorted(event.attributes.items())).encode()
        content = hashlib.sha256(bytes.fromhex(self.digest))
        for part in (attributes, b"\n", event.data):
            content.update(part)
        return LogDigest(self.events + 1, content.hexdigest())

    def __str__(self) -> str:
        return f"{self.events}:{self.digest}"


EMPTY = LogDigest()
