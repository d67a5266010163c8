"""Which batch is due, and its items."""

from labelloop.learner.requests import Pick
from labelloop.loop.random_draws import as_listed
from schemas import events as e
from services.querier.due import is_model_wanted, queried_items
from tests.support.states import project, queried, state_of

FIRST, SECOND = queried("0"), queried("1", (3, 4, 5))


def test_cold_starts_need_no_model() -> None:
    assert not is_model_wanted(state_of(project()))
    assert not is_model_wanted(state_of(project(), FIRST))


def test_the_batch_after_the_cold_starts_needs_one() -> None:
    assert is_model_wanted(state_of(project(), FIRST, SECOND))
    assert is_model_wanted(state_of(project(lookahead=0), FIRST))


def test_after_the_last_batch_none_is_needed() -> None:
    assert not is_model_wanted(state_of(project(max_batches=2), FIRST, SECOND))
    assert not is_model_wanted(state_of(project(), FIRST, SECOND, e.ProjectEnded(request="1", who="ann")))


def picks(*items: int) -> list[Pick]:
    return [Pick(item, score=0.1 * item, label="spam", probability=0.9) for item in items]


def test_a_cold_start_says_nothing_but_its_order() -> None:
    items = as_listed([7, 2, 5], "cold-start")

    assert [(item.item, item.rank, item.reason) for item in items] == [
        (7, 0, "cold-start"),
        (2, 1, "cold-start"),
        (5, 2, "cold-start"),
    ]
    assert not any(item.suggested or item.predicted or item.score is not None for item in items)


def test_a_batch_without_audit_keeps_the_strategys_order_and_shows_suggestions() -> None:
    items = queried_items("3", project(), picks(7, 2, 5), [])

    assert [(item.item, item.rank) for item in items] == [(7, 0), (2, 1), (5, 2)]
    assert all(item.suggested and item.reason == "uncertain" for item in items)
    assert items[0].score == 0.1 * 7
    assert (items[0].predicted, items[0].probability) == (("spam",), 0.9)


def test_audit_texts_are_mixed_in_and_show_no_suggestion_but_record_the_prediction() -> None:
    items = queried_items("3", project(), picks(*range(10)), picks(*range(10, 20)))

    audited = {item.item for item in items if item.reason == "audit"}
    assert audited == set(range(10, 20))
    assert all(item.suggested == (item.item not in audited) for item in items)
    assert all(item.predicted == ("spam",) for item in items)
    assert [item.rank for item in items] == list(range(20))
    assert {item.item for item in items[:10]} not in (audited, set(range(10)))


def test_the_mix_follows_from_seed_and_batch() -> None:
    def order(batch: str, seed: int) -> list[int]:
        return [
            item.item for item in queried_items(batch, project(seed=seed), picks(*range(10)), picks(10, 11))
        ]

    assert order("3", 0) == order("3", 0)
    assert order("3", 0) != order("4", 0)
    assert order("3", 0) != order("3", 1)


def test_of_several_labels_those_are_recorded_that_the_model_predicts_or_none() -> None:
    several = project(task="multi-label")
    found = [Pick(4, None, "spam", 0.9, (("spam", 0.9), ("news", 0.6))), Pick(2, None, "ham", 0.2)]

    one, other = queried_items("3", several, found, [])

    assert (one.predicted, one.probabilities, one.probability) == (("spam", "news"), (0.9, 0.6), 0.9)
    assert (other.predicted, other.probabilities, other.probability) == ((), (), 0.2)
    assert one.suggested
    assert other.suggested, "that none fits is a suggestion too"
