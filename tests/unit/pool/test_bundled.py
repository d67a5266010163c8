"""The bundled data set is one that the project's own loading accepts."""

from labelloop.errors import UserError
from labelloop.pool.bundled import bundled
from labelloop.pool.prepare import clean_pool, clean_test
from labelloop.pool.sources import load
from tests.support.messages import raises_naming

CLASSES = ["abbreviation", "description", "entity", "human", "location", "number"]


def test_the_questions_load_without_anything_to_say() -> None:
    questions = bundled("questions")

    pool = clean_pool(load(str(questions.pool)))
    test = clean_test(load(str(questions.test)), pool.labels, pool.rows)

    assert pool.labels == CLASSES
    assert {row.gold for row in test.rows} == set(CLASSES)
    for prepared in (pool, test):
        assert (prepared.empty, prepared.duplicates, prepared.unlabelled, prepared.in_pool) == (0, 0, 0, 0)
    assert len(pool.rows) >= 1_100
    assert len(test.rows) >= 280


def test_an_unknown_name_is_said() -> None:
    with raises_naming(UserError, "'answers'", "questions"):
        bundled("answers")
