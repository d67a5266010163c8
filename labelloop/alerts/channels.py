"""Where an alert is sent: mail, chats and all else that Apprise knows by a URL."""

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
