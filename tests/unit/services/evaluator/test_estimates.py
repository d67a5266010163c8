"""The accuracy on a pool, estimated from what was drawn at random in it."""

import random
from collections.abc import Iterator
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelloop.loop.figures import wilson
from services.evaluator.audit import AuditSample, estimate

RUNS = 400


@st.composite
def samples(draw: st.DrawFn) -> AuditSample:
    rest = draw(st.integers(1, 500))
    drawn = draw(st.integers(1, min(rest, 40)))
    labelled = draw(st.integers(0, drawn))
    known = draw(st.integers(0, 300))
    right, known_right = draw(st.integers(0, labelled)), draw(st.integers(0, known))
    return AuditSample(known, known_right, rest, drawn, labelled, right)


@given(found=st.lists(samples(), max_size=4))
def test_an_estimate_is_never_nonsense(found: list[AuditSample]) -> None:
    estimated = estimate(found)

    if estimated is None:
        assert not any(sample.labelled for sample in found)
    else:
        assert 0 <= estimated.low <= estimated.accuracy <= estimated.high <= 1


def test_a_pool_that_is_known_leaves_no_doubt() -> None:
    found = estimate([AuditSample(known=60, known_right=50, rest=40, drawn=40, labelled=40, right=30)])

    assert found is not None
    assert (found.low, found.accuracy, found.high) == pytest.approx((0.8, 0.8, 0.8))


def test_what_is_known_counts_as_it_is_and_the_rest_by_its_size() -> None:
    found = estimate([AuditSample(known=100, known_right=100, rest=300, drawn=10, labelled=10, right=5)])

    assert found is not None
    assert found.accuracy == pytest.approx((100 + 300 / 2) / 400)
    low, high = wilson(0.5, 10, 10 / 300)
    assert (found.low, found.high) == pytest.approx(((100 + 300 * low) / 400, (100 + 300 * high) / 400))


def test_texts_that_people_discard_count_neither_way() -> None:
    """Half of the rest is expected to be discarded too."""
    found = estimate([AuditSample(known=100, known_right=100, rest=200, drawn=10, labelled=5, right=0)])

    assert found is not None
    assert found.accuracy == pytest.approx(0.5)


def test_more_texts_and_a_smaller_rest_leave_less_doubt() -> None:
    widths = [high - low for low, high in (wilson(0.8, 5), wilson(0.8, 50), wilson(0.8, 50, 0.5))]

    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 0


def test_few_texts_that_are_all_right_prove_little() -> None:
    found = estimate([AuditSample(known=0, known_right=0, rest=1000, drawn=3, labelled=3, right=3)])

    assert found is not None
    assert found.accuracy == found.high == 1
    assert found.low < 0.5


def loop(generator: random.Random, pool: int = 1500, size: int = 20, audit: int = 6) -> Iterator[AuditSample]:
    """Two batches of a loop whose strategy prefers what the model gets wrong; the last `Sample` is the truth.

    All the model's answers are decided from the start: it was trained on what came before.
    """
    accuracy = generator.uniform(0.5, 0.95)
    right = [generator.random() < accuracy for _ in range(pool)]
    doubts = [generator.random() - 0.4 * (not known) for known in right]
    before = set(generator.sample(range(pool), 4 * size))
    for item in before:
        right[item] = True
    for _ in range(2):
        rest = [item for item in range(pool) if item not in before]
        drawn = set(generator.sample(rest, audit))
        picked = sorted((item for item in rest if item not in drawn), key=doubts.__getitem__)[: size - audit]
        known = sum(right[item] for item in before)
        yield AuditSample(len(before), known, len(rest), audit, audit, sum(right[item] for item in drawn))
        before |= {*drawn, *picked}
    yield AuditSample(pool, sum(right), 0, len(before), len(before), sum(right[item] for item in before))


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = random.Random(7)
    errors, covered, naive = [], 0, 0
    for _ in range(RUNS):
        *found, truth = loop(generator)
        estimated, accuracy = estimate(found), truth.known_right / truth.known
        assert estimated is not None
        errors.append(estimated.accuracy - accuracy)
        covered += estimated.low <= accuracy <= estimated.high
        low, high = wilson(truth.right / truth.labelled, truth.labelled)
        naive += low <= accuracy <= high

    assert 0.9 <= covered / RUNS <= 0.98
    assert abs(fmean(errors)) < 3 * stdev(errors) / RUNS**0.5
    # What the strategy chose is no random sample: counted as one, it misleads.
    assert naive / RUNS < 0.8
