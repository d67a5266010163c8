"""Texts of a large pool are embedded before picks need them: it ends soon, and goes on where it ended."""

from collections import Counter

import pytest

from labelloop.learner.large_pools import EmbeddedTexts
from labelloop.learner.pool_embeddings import PoolEmbeddings, embed
from labelloop.learner.requests import EmbedRequest
from tests.integration.learner.conftest import SIZE, Bench

CHUNK = 16


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelloop.learner.pool_embeddings.CHUNK", CHUNK)


def asked(bench: Bench, texts: int, seconds: float) -> EmbedRequest:
    return EmbedRequest(
        pool=bench.pool,
        classifier=bench.spec(),
        texts=texts,
        seconds=seconds,
        threads=1,
        cache=bench.folder / "cache",
        order_seed=5,
    )


def test_each_time_it_goes_on_where_it_ended_and_says_how_far_it_is(
    bench: Bench, embedded: Counter[str]
) -> None:
    cache = bench.folder / "cache"
    assert EmbeddedTexts.read(cache) is None

    found = []
    for _ in range(5):
        found.append(embed(asked(bench, SIZE, seconds=0)))
        assert EmbeddedTexts.read(cache) == EmbeddedTexts(found[-1], SIZE)

    assert found == [16, 32, 48, SIZE, SIZE]
    assert set(embedded.values()) == {1}


def test_only_the_first_texts_are_embedded_if_picks_look_at_no_more(
    bench: Bench, embedded: Counter[str]
) -> None:
    assert embed(asked(bench, 20, seconds=60)) == 20

    assert EmbeddedTexts.read(bench.folder / "cache") == EmbeddedTexts(20, 20)
    assert len(embedded) == 2 * CHUNK


def test_what_is_embedded_ahead_is_what_a_pick_would_make(bench: Bench, embedded: Counter[str]) -> None:
    embed(asked(bench, SIZE, seconds=60))
    embedded.clear()

    _, ahead = PoolEmbeddings(bench.pool, bench.spec(), 5, bench.folder / "cache").first(SIZE)
    assert not embedded
    _, later = PoolEmbeddings(bench.pool, bench.spec(), 5, bench.folder / "elsewhere").first(SIZE)

    assert (ahead == later).all()


def test_where_files_cannot_be_written_it_ends(bench: Bench, embedded: Counter[str]) -> None:
    (bench.folder / "cache").write_text("in the way of the folder")

    assert embed(asked(bench, SIZE, seconds=60)) == 0

    assert len(embedded) <= CHUNK


@pytest.mark.parametrize("content", ["", "{", "[]", '{"texts": null, "of": 3}', '{"texts": 1}'])
def test_a_file_that_says_nothing_of_it_is_none(bench: Bench, content: str) -> None:
    cache = bench.folder / "cache"
    cache.mkdir()
    (cache / "embedded.json").write_text(content)

    assert EmbeddedTexts.read(cache) is None
