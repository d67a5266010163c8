"""Read a listing in pages, though records come and go meanwhile."""

from collections.abc import Awaitable, Callable
from typing import Any

from labelloop.errors import Unavailable

PAGE = 500
ATTEMPTS = 5

Fetch = Callable[[int, int], Awaitable[list[Any]]]


async def read_all(fetch: Fetch, size: int = PAGE) -> list[Any]:
    """Every item of `fetch(offset, limit)` once, in its order; an item is known by its `id`.

    Each page begins with the last item of the page before: if it does not, something in front was deleted,
    and the reading starts over. Raises Unavailable if the listing does not hold still.
    """
    for _ in range(ATTEMPTS):
        items = await _read(fetch, size)
        if items is not None:
            return items
    raise Unavailable("Argilla's records change faster than they can be read")


async def _read(fetch: Fetch, size: int) -> list[Any] | None:
    items = page = await fetch(0, size)
    while len(page) == size:
        page = await fetch(len(items) - 1, size)
        if not page or page[0]["id"] != items[-1]["id"]:
            return None
        items = items + page[1:]
    return items if len({item["id"] for item in items}) == len(items) else None
