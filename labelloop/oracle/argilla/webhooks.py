"""The webhooks of an Argilla."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labelloop.oracle.argilla.transport import Transport, utc
from labelloop.oracle.base import Missing

ANSWERS = ("response.created", "response.updated", "response.deleted")
"""The events that tell of answers."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Argilla sends events, and the secret by which it signs them."""

    id: str
    url: str
    secret: str = field(repr=False)
    description: str
    updated_at: datetime


class Webhooks(Transport):
    """The part of the API for webhooks. Needs an owner's key.

    Each call raises Missing if there is no such webhook, or if this Argilla has none at all.
    """

    async def webhooks(self) -> list[Webhook]:
        """All of them, whoever made them."""
        return [_webhook(item) for item in (await self._request("GET", "webhooks"))["items"]]

    async def create_webhook(self, url: str, description: str) -> Webhook:
        """Have Argilla tell of answers at `url`. Raises Rejected where there are too many webhooks."""
        about = {"url": url, "events": ANSWERS, "description": description}
        return _webhook(await self._request("POST", "webhooks", body=about))

    async def change_webhook(self, webhook: str, url: str, description: str) -> Webhook:
        """Give a webhook another address and description. It keeps its secret."""
        about = {"url": url, "description": description}
        return _webhook(await self._request("PATCH", f"webhooks/{webhook}", body=about))

    async def delete_webhook(self, webhook: str) -> None:
        """It is not an error if it is gone."""
        with suppress(Missing):
            await self._request("DELETE", f"webhooks/{webhook}")


def _webhook(item: Any) -> Webhook:
    return Webhook(
        item["id"], item["url"], item["secret"], item["description"] or "", utc(item["updated_at"])
    )
