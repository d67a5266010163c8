"""Every item once, though the listing changes between the pages."""

from typing import Any

import pytest

from labelloop.errors import Unavailable
from labelloop.oracle.argilla.records import read_all


class Listing:
    """Items by number; `changes` are made to them before the pages of those numbers are read."""

    def __init__(self, count: int, changes: dict[int, Any] | None = None) -> None:
        self.items = [{"id": number} for number in range(count)]
        self.changes = changes or {}
        self.reads = 0

    async def page(self, offset: int, limit: int) -> list[Any]:
        self.changes.get(self.reads, lambda items: None)(self.items)
        self.reads += 1
        return self.items[offset : offset + limit]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 7, 8, 100])
async def test_every_item_is_read_once_in_order(count: int) -> None:
    listing = Listing(count)

    found = await read_all(listing.page, size=4)

    assert found == listing.items


async def test_a_deletion_in_front_hides_no_item() -> None:
    listing = Listing(10, {1: lambda items: items.pop(0)})

    found = await read_all(listing.page, size=4)

    assert [item["id"] for item in found] == list(range(1, 10))


async def test_a_deletion_made_up_for_by_an_addition_hides_no_item() -> None:
    def swap(items: list[Any]) -> None:
        items.pop(2)
        items.append({"id": 10})

    listing = Listing(10, {2: swap})

    found = await read_all(listing.page, size=4)

    assert found == listing.items


async def test_an_insertion_in_front_repeats_no_item() -> None:
    listing = Listing(10, {1: lambda items: items.insert(0, {"id": -1})})

    found = await read_all(listing.page, size=4)

    assert found == listing.items


async def test_a_listing_that_never_holds_still_is_given_up() -> None:
    listing = Listing(100, {read: lambda items: items.pop(0) for read in range(100)})

    with pytest.raises(Unavailable):
        await read_all(listing.page, size=4)
