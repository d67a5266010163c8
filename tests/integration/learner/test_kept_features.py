"""Embeddings that are kept in files: whatever becomes of a file, it is only made again."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelloop.learner.querying import query
from labelloop.learner.requests import QueryRequest
from labelloop.learner.training import train
from tests.integration.learner.conftest import Bench

DAMAGES: dict[str, Callable[[Path], object]] = {
    "shortened": lambda file: os.truncate(file, file.stat().st_size // 2),
    "empty": lambda file: os.truncate(file, 0),
    "other bytes": lambda file: file.write_bytes(b"no embeddings"),
    "fewer texts": lambda file: np.save(file, np.load(file)[:-1]),
}


@pytest.fixture(params=["features-*.npy", "embeddings-*/*.npy"])
def request_and_file(bench: Bench, request: pytest.FixtureRequest) -> tuple[QueryRequest, Path]:
    """A pick that reads this file: of the features of `linear`, or of the probe's embeddings."""
    training = bench.training("linear")
    pick = bench.query(training, train(training), "distinct-ties", n=2)
    pick = replace(pick, strategy_parameters={"shortlist": 8})
    query(pick)
    (file,) = pick.cache.glob(request.param)
    return pick, file


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_made_again(request_and_file: tuple[QueryRequest, Path], damage: str) -> None:
    pick, file = request_and_file
    before, picks = file.read_bytes(), query(pick).picks

    DAMAGES[damage](file)

    assert query(pick).picks == picks
    assert file.read_bytes() == before


def test_a_cache_that_cannot_be_written_stops_nothing(
    request_and_file: tuple[QueryRequest, Path], tmp_path: Path
) -> None:
    pick, _ = request_and_file
    (tmp_path / "file").write_text("in the way")

    assert query(replace(pick, cache=tmp_path / "file")).picks == query(pick).picks
