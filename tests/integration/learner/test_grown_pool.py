"""A pool of several snapshots: what was computed for those before stays, and is what it was."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelloop.learner.classifiers import hidden_states
from labelloop.learner.large_pools import EmbeddedTexts
from labelloop.learner.pool_embeddings import PoolEmbeddings, embed
from labelloop.learner.querying import learner, query
from labelloop.learner.requests import EmbedRequest, ScoreRequest, TrainRequest
from labelloop.learner.scoring import score
from labelloop.learner.training import train
from labelloop.loop.random_draws import first_of_pool
from labelloop.pool.snapshot import Files, OpenSnapshot, Row, write
from tests.integration.learner.conftest import LABELS, SIZE, STARTS, Bench

FURTHER = 20


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelloop.learner.pool_embeddings.CHUNK", 16)
    monkeypatch.setattr(hidden_states, "CHUNK", 8)


@pytest.fixture
def grown(bench: Bench) -> Bench:
    """The bench's pool with twenty texts more; item `i` is of class `i % 3`."""
    rows = [
        Row(f"{STARTS[LABELS[item % 3]]} of number {item}", LABELS[item % 3], item - SIZE)
        for item in range(SIZE, SIZE + FURTHER)
    ]
    more = bench.folder / write(bench.folder, rows).name
    return replace(bench, pool=(bench.pool, more))  # type: ignore[arg-type]


def files(cache: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in cache.rglob("*") if file.is_file()}


def training(bench: Bench, classifier: str, *items: int) -> TrainRequest:
    request = bench.training(classifier)
    spec = request.classifier
    if classifier == "transformer":
        spec = replace(spec, parameters={**spec.parameters, "frozen_share": 0.5})
    return replace(request, classifier=spec, examples=bench.examples(*range(12), *items))


def test_items_are_rows_over_all_snapshots(grown: Bench) -> None:
    pool = OpenSnapshot.open(grown.pool)

    assert (len(pool), pool.sizes) == (SIZE + FURTHER, (SIZE, FURTHER))
    assert pool.texts([SIZE + 3]) == ["who is the man of number 63"]
    assert pool.source_rows([SIZE + 3]) == [3]
    assert pool.gold([0, SIZE + 1]) == [LABELS[0], LABELS[(SIZE + 1) % 3]]


def test_where_one_snapshot_lacks_labels_the_pool_has_none(bench: Bench) -> None:
    more = bench.folder / write(bench.folder, [Row("no label", None, 0)]).name

    pool = OpenSnapshot.open((bench.pool, more))

    assert not pool.has_gold
    assert pool.gold([0]) is None


@pytest.mark.parametrize("classifier", ["transformer", "linear"])
def test_a_model_learns_and_picks_from_all_snapshots_and_keeps_what_was_computed(
    bench: Bench, grown: Bench, classifier: str
) -> None:
    cache = bench.folder / "cache"
    before = train(training(bench, classifier))
    asked = bench.query(training(bench, classifier), before, "breaking-ties", n=0)
    asked = replace(asked, also=tuple(range(20, 40)))
    of_first = query(asked)
    kept = files(cache)

    of_all = query(replace(asked, pool=grown.pool))
    picked = query(replace(asked, pool=grown.pool, n=SIZE + FURTHER)).picks
    after = train(training(grown, classifier, SIZE, SIZE + 1, SIZE + 2))

    assert of_all.also == of_first.also, "the same probabilities, to the last bit"
    assert {pick.item for pick in picked} >= set(range(SIZE, SIZE + FURTHER))
    assert files(cache).items() >= kept.items()
    assert after.sha256 != before.sha256
    assert train(training(grown, classifier)).sha256 == before.sha256, "of the same texts the same model"


def test_a_text_of_no_snapshot_has_states_too(grown: Bench) -> None:
    trained = train(training(grown, "transformer", SIZE))
    request = grown.query(training(grown, "transformer", SIZE), trained, "breaking-ties")
    active = learner(request)

    assert len(active.dataset) == SIZE + FURTHER
    found = active.classifier.predict_proba(active.dataset)
    assert found.shape == (SIZE + FURTHER, len(LABELS))


def test_what_was_embedded_stays_and_what_is_new_has_its_share(
    bench: Bench, grown: Bench, embedded: Counter[str]
) -> None:
    cache = bench.folder / "cache"
    asked = EmbedRequest(
        pool=bench.pool,
        classifier=bench.spec(),
        texts=SIZE,
        seconds=60,
        threads=1,
        cache=cache,
        order_seed=5,
    )
    assert embed(asked) == SIZE
    embedded.clear()
    kept = files(cache)

    assert embed(replace(asked, pool=grown.pool, texts=SIZE + FURTHER)) == SIZE + FURTHER

    assert EmbeddedTexts.read(cache) == EmbeddedTexts(SIZE + FURTHER, SIZE + FURTHER)
    assert set(embedded) == set(OpenSnapshot.open(grown.pool).all_texts()[SIZE:])
    assert {file: at for file, at in files(cache).items() if file.suffix == ".npy"}.items() >= {
        file: at for file, at in kept.items() if file.suffix == ".npy"
    }.items()
    embedded.clear()
    both = PoolEmbeddings(grown.pool, bench.spec(), 5, cache)
    items, rows = both.first(40)
    assert items == first_of_pool(5, (SIZE, FURTHER), 40)
    assert sum(item >= SIZE for item in items) == 10
    assert not embedded
    places = [0, 17, 29, 30, 39]
    assert (both.of_places(places, 40) == rows[places]).all()


def test_of_a_grown_pool_it_ends_where_files_cannot_be_written(grown: Bench, embedded: Counter[str]) -> None:
    (grown.folder / "cache").write_text("in the way of the folder")
    pool: Any = grown.pool
    asked = EmbedRequest(
        pool=pool,
        classifier=grown.spec(),
        texts=SIZE,
        seconds=60,
        threads=1,
        cache=grown.folder / "cache",
        order_seed=5,
    )

    assert embed(asked) == 0


def test_a_grown_pool_is_scored_as_a_whole(grown: Bench) -> None:
    request = training(grown, "linear", SIZE)
    trained = train(request)
    into = grown.folder / "scores"
    into.mkdir()
    pool: Files = grown.pool

    scoring = ScoreRequest(
        texts=pool,
        classifier=request.classifier,
        labels=LABELS,
        model_folder=trained.folder,
        model_sha256=trained.sha256,
        into=into,
        threads=1,
    )

    assert score(scoring) == 1
    assert np.load(scoring.file_of(0)).shape == (SIZE + FURTHER, len(LABELS))
