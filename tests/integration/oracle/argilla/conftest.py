"""An owner's client of the real server, and names of one's own in it."""

from collections.abc import AsyncIterator
from itertools import count

import pytest

from labelloop.oracle.argilla import Argilla, Dataset, DatasetSpec, NewRecord
from labelloop.oracle.argilla.values import MetadataValue
from tests.support.argilla_server import ArgillaServer

numbers = count()


@pytest.fixture
async def argilla(argilla_server: ArgillaServer) -> AsyncIterator[Argilla]:
    async with Argilla(argilla_server.url, argilla_server.login.api_key) as client:
        yield client


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"adapter-{next(numbers)}"


@pytest.fixture
def spec(name: str) -> DatasetSpec:
    return DatasetSpec(name, ("spam", "ham", "eggs"), guidelines="Choose one.")


@pytest.fixture
async def dataset(argilla: Argilla, spec: DatasetSpec) -> Dataset:
    return await argilla.ensure_dataset(spec)


def text(batch: int, item: int) -> NewRecord:
    """A text of a batch of ten."""
    metadata: dict[str, MetadataValue] = {
        "batch": batch,
        "rank": item % 10,
        "item": item,
        "reason": "uncertain",
        "model": "3",
    }
    return NewRecord(f"{batch}:{item}", {"text": f"text {item}"}, metadata)
