"""Suspect labels."""

from labelloop.learner.requests import NoiseRequest
from labelloop.learner.worker import Worker
from labelloop.store.task_failures import TaskFailed
from tests.integration.learner.conftest import LABELS, SIZE, Bench
from tests.support.messages import raises_naming

WRONG = {4: "NUM", 30: "LOC", 53: "HUM"}


def request(bench: Bench, *items: int) -> NoiseRequest:
    """The labels of these texts, three of which are wrong."""
    examples = tuple((item, (WRONG.get(item, LABELS[item % len(LABELS)]),)) for item in items)
    return NoiseRequest(
        pool=bench.pool,
        model=str(bench.model),
        revision=None,
        labels=LABELS,
        examples=examples,
        seed=1,
        threads=1,
        cache=bench.folder / "cache",
    )


async def test_wrong_labels_are_found_with_the_right_ones(worker: Worker, bench: Bench) -> None:
    result = await worker.run(request(bench, *range(SIZE)))

    assert result.judged == SIZE
    found = {suspect.item: suspect.label for suspect in result.suspects}
    assert found.items() <= WRONG.items()
    assert len(found) >= 2
    assert all(suspect.suggested == LABELS[suspect.item % len(LABELS)] for suspect in result.suspects)
    confidences = [suspect.confidence for suspect in result.suspects]
    assert confidences == sorted(confidences)


async def test_a_label_of_few_texts_is_not_judged(worker: Worker, bench: Bench) -> None:
    of_two = [item for item in range(30) if item % len(LABELS) != 2 and item not in WRONG]

    result = await worker.run(request(bench, *of_two, 2, 5))

    assert result.judged == len(of_two)
    assert not {2, 5} & {suspect.item for suspect in result.suspects}


async def test_too_few_labels_are_told(worker: Worker, bench: Bench) -> None:
    with raises_naming(TaskFailed, "bad-input", 5):
        await worker.run(request(bench, *range(6)))
