"""Of a large pool a model scores a shortlist: texts of which a probe is unsure, and some at random."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from labelloop.learner.classifiers.base import Features, Floats
from labelloop.learner.pool_embeddings import PoolEmbeddings
from labelloop.learner.querying import embeddings_kept, query
from labelloop.learner.requests import QueryRequest
from labelloop.learner.shortlist import most_doubtful, shortlisted
from labelloop.learner.training import train
from labelloop.pool.snapshot import OpenSnapshot
from schemas.parts import Shortlist
from tests.integration.learner.conftest import LABELS, SIZE, Bench, Work

SHORTLIST = 8


class Line:
    """Embeddings of 20 items on a line, in two files."""

    features = np.array([[float(row), 0.0] for row in range(20)], dtype=np.float32)

    def of_places(self, places: Sequence[int], number: int) -> Features:
        return self.features[list(places)]

    def parts(self, number: int) -> Iterator[Features]:
        yield self.features[:16]
        yield self.features[16:number]


LINE = Line()


def a_pick(bench: Bench) -> QueryRequest:
    training = bench.training()
    spec = replace(training.classifier, parameters={"epochs": 2, "min_steps": 1, "frozen_share": 0.5})
    training = replace(training, classifier=spec)
    request = bench.query(training, train(training), "distinct-ties", n=2)
    return replace(request, strategy_parameters={"shortlist": SHORTLIST})


def by_item(items: Sequence[int]) -> Floats:
    """A model that is sure of each text's class."""
    return np.eye(len(LABELS))[[item % len(LABELS) for item in items]]


def shortlist(request: QueryRequest) -> tuple[list[int], Shortlist | None]:
    known = {item: LABELS.index(label) for item, (label,) in request.labelled}
    return shortlisted(request, SHORTLIST, free(request), known, by_item, embeddings_kept(request))


def free(request: QueryRequest) -> list[int]:
    barred = {*request.taken, *request.ignored, *(item for item, _ in request.labelled)}
    return [item for item in range(SIZE) if item not in barred]


def test_the_texts_between_two_classes_are_the_most_doubtful() -> None:
    found = most_doubtful(range(20), LINE, {0: 3, 1: 3, 18: 5, 19: 5}, range(20), 4)

    assert set(found) == {8, 9, 10, 11}


def test_of_the_texts_that_are_not_candidates_none_is_doubtful() -> None:
    known = {0: 3, 19: 5}

    assert set(most_doubtful(range(20), LINE, known, [0, 1, 2, 17], 9)) == {1, 2, 17}
    assert most_doubtful(range(20), LINE, known, [55], 9) == []


@pytest.mark.parametrize("known", [{}, {13: 3, 14: 3}, {70: 3, 71: 5}])
def test_where_no_two_classes_are_known_the_first_texts_are_taken(known: dict[int, int]) -> None:
    assert most_doubtful(range(20), LINE, known, range(20), 5) == [0, 1, 2, 3, 4]


def test_each_label_has_doubtful_texts_of_its_own() -> None:
    """The first label fits from 5 on, the second from 15 on; the third is not known yet."""
    known = {0: (0, 0, 0), 2: (0, 0, 0), 8: (1, 0, 0), 12: (1, 0, 0), 18: (1, 1, 0), 19: (1, 1, 0)}

    found = most_doubtful(range(20), LINE, known, range(20), 6)

    assert {4, 5, 6} & {*found}
    assert {14, 15, 16} & {*found}


def test_a_shortlist_is_as_long_as_it_should_be_and_says_how_it_was_made(bench: Bench) -> None:
    request = a_pick(bench)

    items, told = shortlist(request)

    assert set(items) < set(free(request))
    assert len(set(items)) == SHORTLIST
    assert told is not None
    assert (told.looked_at, told.doubtful, told.drawn) == (16, 6, 2)
    assert told.digest == hashlib.sha256(",".join(map(str, items)).encode()).hexdigest()


def test_with_each_batch_more_of_the_pool_is_looked_at(bench: Bench) -> None:
    request = a_pick(bench)
    sizes = [
        told.looked_at for number in (0, 3, 5, 9) if (told := shortlist(replace(request, number=number))[1])
    ]

    assert sizes == [16, 40, 56, SIZE]


def test_of_a_small_pool_each_text_is_scored(bench: Bench) -> None:
    request = a_pick(bench)
    few = free(request)[: 2 * SHORTLIST]

    assert shortlisted(request, SHORTLIST, few, {}, by_item, embeddings_kept(request)) == (few, None)
    assert query(replace(request, strategy_parameters={"shortlist": 1000})).shortlist is None


def test_a_batch_that_is_larger_than_the_shortlist_is_filled(bench: Bench) -> None:
    picked = query(replace(a_pick(bench), strategy_parameters={"shortlist": 1}))

    assert len({pick.item for pick in picked.picks}) == 2
    assert picked.shortlist is not None


def test_the_model_scores_the_shortlist_alone(bench: Bench, work: Work) -> None:
    request = a_pick(bench)
    work.masks.clear()

    picked = query(request)

    assert picked.shortlist is not None
    assert picked.shortlist.doubtful + picked.shortlist.drawn == SHORTLIST
    assert work.texts == SHORTLIST + len(request.labelled), "small-text also scores what is labelled"
    assert picked.picks == query(request).picks


def test_each_text_is_embedded_once_however_many_are_asked_for(
    bench: Bench, embedded: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelloop.learner.pool_embeddings.CHUNK", 16)

    def opened(folder: str) -> PoolEmbeddings:
        return PoolEmbeddings(bench.pool, bench.spec(), 5, bench.folder / folder)

    few, some = opened("cache").first(20)
    again, more = opened("cache").first(50)
    _, at_once = opened("elsewhere").first(50)

    assert again[:20] == few
    assert np.array_equal(more[:20], some)
    assert np.array_equal(more, at_once)
    assert set(embedded.values()) == {2}, "once in each folder"
    assert len(embedded) == SIZE
    assert set(embedded) == set(OpenSnapshot.open(bench.pool).all_texts())
