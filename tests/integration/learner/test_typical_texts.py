"""The first texts: typical ones of different clusters, before there is a model."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModel, AutoTokenizer

from labelloop.learner.base_model import resolve
from labelloop.learner.classifiers.base import Features
from labelloop.learner.clusters import apart
from labelloop.learner.pool_embeddings import LowerHalf
from labelloop.learner.requests import FirstTextsRequest
from labelloop.learner.typical_texts import typical_rows, typical_texts
from labelloop.learner.worker import Worker
from labelloop.pool.snapshot import OpenSnapshot, Row, write
from tests.integration.learner.conftest import SIZE, Bench

CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], dtype=np.float32)
SIZES = (40, 25, 10)
BLOB = np.repeat(np.arange(3), SIZES)


def blobs(seed: int = 0) -> Features:
    """Three groups of rows, largest first. The first row of each is its centre."""
    rows = CENTRES[BLOB] + np.random.default_rng(seed).normal(0, 0.5, (len(BLOB), 2))
    rows[[0, 40, 65]] = CENTRES
    return rows.astype(np.float32)


def request(bench: Bench, n: int = 4, taken: tuple[int, ...] = ()) -> FirstTextsRequest:
    return FirstTextsRequest(
        pool=bench.pool,
        classifier=bench.spec(),
        taken=taken,
        n=n,
        clusters=8,
        seed=5,
        threads=1,
        cache=bench.folder / "cache",
    )


def test_one_of_each_group_is_picked_and_the_largest_group_is_first() -> None:
    rows = typical_rows(blobs(), (), 3, 3, seed=1)

    assert [BLOB[row] for row in rows] == [0, 1, 2]


def test_the_row_nearest_to_the_middle_of_a_group_is_picked() -> None:
    features = blobs()

    for row in typical_rows(features, (), 3, 3, seed=1):
        group = features[BLOB[row] == BLOB]
        distances = np.linalg.norm(group - group.mean(axis=0), axis=1)
        assert np.array_equal(features[row], group[distances.argmin()])


def test_a_group_that_has_a_text_already_waits_until_all_others_have_one() -> None:
    assert [BLOB[row] for row in typical_rows(blobs(), (7, 70), 1, 3, seed=1)] == [1]
    assert {BLOB[row] for row in typical_rows(blobs(), (7,), 2, 3, seed=1)} == {1, 2}


@given(taken=st.sets(st.integers(0, 74), max_size=74), n=st.integers(1, 80), clusters=st.integers(1, 90))
def test_picks_are_new_and_as_many_as_are_left(taken: set[int], n: int, clusters: int) -> None:
    rows = typical_rows(blobs(), sorted(taken), n, clusters, seed=1)

    assert len(rows) == len(set(rows)) == min(n, 75 - len(taken))
    assert not taken & set(rows)


def test_texts_that_are_all_alike_are_picked_too() -> None:
    rows = typical_rows(np.ones((12, 4), dtype=np.float32), (3,), 5, 8, seed=0)

    assert len(set(rows) - {3}) == 5


def test_texts_are_told_apart_by_the_middle_layer_of_the_model(bench: Bench) -> None:
    texts = list(OpenSnapshot.open(bench.pool).texts(range(10)))

    features = apart(LowerHalf(resolve(str(bench.model), None).folder).embed(texts))

    middle = np.stack([average_of_layer(bench.model, text, 1) for text in texts])
    expected = middle - middle.mean(axis=0)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.allclose(features, expected, atol=1e-4)


def average_of_layer(base: Path, text: str, layer: int) -> Features:
    """The average over the tokens of what the whole model has after so many layers."""
    tokens = AutoTokenizer.from_pretrained(base)(text, return_tensors="pt")
    model: Any = AutoModel.from_pretrained(base)
    with torch.inference_mode():
        states = model.train(False)(**tokens, output_hidden_states=True).hidden_states[layer]
    average: Features = states[0].mean(dim=0).numpy()
    return average


def test_texts_that_mean_the_same_to_the_model_are_no_hindrance(bench: Bench) -> None:
    features = apart(LowerHalf(resolve(str(bench.model), None).folder).embed(["same", "same", "same"]))

    assert np.isfinite(features).all()
    assert len(set(typical_rows(features, (), 2, 2, seed=0))) == 2


async def test_a_worker_picks_the_same_texts_each_time(worker: Worker, bench: Bench) -> None:
    first = await worker.run(request(bench))
    again = await worker.run(request(bench))
    other = await worker.run(replace(request(bench), cache=bench.folder / "elsewhere", seed=6))

    assert first.items == again.items
    assert len(set(first.items)) == len(set(other.items)) == 4


def test_each_text_is_embedded_once(bench: Bench, embedded: Counter[str]) -> None:
    begin = typical_texts(request(bench)).items
    following = typical_texts(request(bench, taken=begin)).items

    assert set(embedded.values()) == {1}
    assert {*OpenSnapshot.open(bench.pool).texts([*begin, *following])} <= set(embedded)
    assert len({*begin, *following}) == 8


def test_a_batch_and_the_next_are_those_that_one_of_both_sizes_would_be(bench: Bench) -> None:
    begin = typical_texts(request(bench)).items
    following = typical_texts(request(bench, taken=begin)).items

    assert [*begin, *following] == list(typical_texts(request(bench, n=8)).items)


def test_of_a_large_pool_a_sample_is_looked_at_and_the_rest_can_follow(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelloop.learner.typical_texts.SAMPLE", 10)

    some = typical_texts(request(bench, n=4)).items
    more = typical_texts(request(bench, n=14)).items
    rest = typical_texts(request(bench, n=4, taken=tuple(range(SIZE - 2)))).items

    assert len(set(some)) == 4
    assert len(set(more)) == 14
    assert set(rest) == {SIZE - 2, SIZE - 1}


def of_kinds(bench: Bench, copies: int) -> Bench:
    """The first of fifteen texts is there so many times, with other numbers, and the others once."""
    texts = OpenSnapshot.open(bench.pool).texts(range(15))
    texts = [*(f"{texts[0]} {copy}" for copy in range(copies)), *texts[1:]]
    rows = [Row(text, None, row) for row, text in enumerate(texts)]
    return replace(bench, pool=bench.folder / write(bench.folder, rows).name)


def test_one_of_many_near_copies_is_picked_and_it_stands_for_them(bench: Bench) -> None:
    pool = of_kinds(bench, copies=40)

    first, *others = typical_texts(request(pool, n=6)).items

    assert first == 0, "the largest cluster is first"
    assert set(others) <= set(range(40, 54))


def test_a_near_copy_of_what_is_taken_is_not_picked(bench: Bench) -> None:
    pool = of_kinds(bench, copies=40)

    following = typical_texts(request(pool, n=6, taken=(7,))).items

    assert set(following) <= set(range(40, 54))


def test_near_copies_fill_a_batch_for_which_there_are_no_others(bench: Bench) -> None:
    items = typical_texts(request(of_kinds(bench, copies=40), n=20)).items

    assert len(set(items)) == 20
    assert set(range(40, 54)) <= set(items)
