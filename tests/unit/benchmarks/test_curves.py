"""What a benchmark says of learning curves."""

from pathlib import Path

import pytest

from benchmarks.curves import Step, Steps, area, labels_to_reach, mean_curve

CURVE = {20: 0.4, 40: 0.8, 60: 0.9}


def step(labels: int, accuracy: float, arm: str = "default", seed: int = 1) -> Step:
    return Step(
        arm=arm,
        seed=seed,
        lookahead=0,
        model=labels // 20 - 1,
        labels=labels,
        accuracy=accuracy,
        macro_f1=accuracy,
        train_seconds=1.0,
        query_seconds=1.0,
        picks=(labels,),
        start=(0,) if labels == 20 else (),
    )


def test_the_area_is_the_mean_over_the_labels() -> None:
    assert area(CURVE) == pytest.approx((0.6 + 0.85) / 2)
    assert area({20: 0.4}) == 0.4


@pytest.mark.parametrize(("accuracy", "labels"), [(0.3, 20), (0.6, 30), (0.9, 60), (0.95, None)])
def test_labels_to_reach_lie_between_the_points(accuracy: float, labels: float | None) -> None:
    assert labels_to_reach(CURVE, accuracy) == (None if labels is None else pytest.approx(labels))


def test_a_mean_is_over_the_labels_that_every_seed_has() -> None:
    runs = {1: [step(20, 0.4), step(40, 0.6)], 2: [step(20, 0.6)]}

    assert mean_curve(runs) == {20: pytest.approx(0.5)}


def test_a_run_goes_on_from_the_steps_on_file(tmp_path: Path) -> None:
    steps = Steps(tmp_path / "steps.jsonl")
    for each in (step(20, 0.4), step(20, 0.3, "random"), step(40, 0.6)):
        steps.add(each)

    again = Steps(tmp_path / "steps.jsonl")

    assert again.of("default", 1, 0) == [step(20, 0.4), step(40, 0.6)]
    assert again.of("default", 2, 0) == []


def test_a_run_that_is_not_at_its_end_counts_in_no_mean(tmp_path: Path) -> None:
    steps = Steps(tmp_path / "steps.jsonl")
    for each in (step(20, 0.4), step(40, 0.6), step(20, 0.9, seed=2)):
        steps.add(each)

    assert list(steps.runs("default", 0)) == [1]


def test_a_step_that_was_taken_again_counts_as_it_is_last_on_file(tmp_path: Path) -> None:
    steps = Steps(tmp_path / "steps.jsonl")
    for each in (step(20, 0.4), step(40, 0.6), step(20, 0.5)):
        steps.add(each)

    assert steps.of("default", 1, 0) == [step(20, 0.5), step(40, 0.6)]
