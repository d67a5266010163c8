"""Where alerts go: mail, chat, web hooks, each by one URL of Apprise."""

import hashlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from labelloop.errors import Unavailable, UserError, one_line

SHORTEST = 6
HIDDEN = "***"


@dataclass(frozen=True)
class Message:
    """What people read. `is_over`: what was wrong is not any more."""

    title: str
    text: str
    is_over: bool = False


@dataclass(frozen=True)
class Target:
    """One of them. `name` is for people and holds no secret; `id` is the same for the same URL."""

    name: str
    id: str
    _url: str = field(repr=False)
    _service: Any = field(repr=False, compare=False)

    async def send(self, message: Message) -> None:
        """Raises Unavailable when it was not taken."""
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
            reason = one_line(complaint) or "it does not take it"
            raise Unavailable(f"{self.name} cannot be told: {reason}", outage=self.name)


def targets(urls: Sequence[str]) -> list[Target]:
    """The targets at these URLs. Raises UserError for one that Apprise cannot use."""
    try:
        from apprise import Apprise
    except ImportError as error:
        raise UserError(
            f"alerts need one more package ({error}): pip install 'labelloop[alerting]'"
        ) from error
    # What it says of a try may hold parts of a URL: it is told by whoever sends.
    apprise_log = logging.getLogger("apprise")
    apprise_log.propagate, apprise_log.handlers = False, [logging.NullHandler()]
    usable = []
    for number, url in enumerate(dict.fromkeys(urls), 1):
        scheme = url.partition("://")[0]
        service = Apprise.instantiate(url)
        if service is None:
            raise UserError(
                f"alert address {number} ({scheme[:20]}://…) is none that Apprise knows: see docs/alerting.md"
            )
        digest = hashlib.sha256(url.encode()).hexdigest()[:12]
        usable.append(Target(f"alert address {number} ({scheme}://…)", digest, url, service))
    return usable


def hidden(text: str, url: str) -> str:
    """A text without the parts of a URL, any of which may be a secret.

    Parts that are short may be words of the text and stay, but for the user and the password.
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
