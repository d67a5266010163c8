"""The bundled data sets: the project's own loading accepts them, and they are what their READMEs say."""

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.pool.bundled import bundled
from labelloop.pool.label_cells import names_in
from labelloop.pool.prepare import clean_pool, clean_test
from labelloop.pool.sources import load
from tests.support.messages import raises_naming

CLASSES = ["abbreviation", "description", "entity", "human", "location", "number"]
TOPICS = [
    "arts",
    "business",
    "food",
    "geography",
    "health",
    "history",
    "language",
    "science",
    "sport",
    "technology",
]


@pytest.mark.parametrize(("name", "labels"), [("questions", CLASSES), ("topics", TOPICS)])
def test_they_load_without_anything_to_say(name: str, labels: list[str]) -> None:
    files = bundled(name)

    pool = clean_pool(load(str(files.pool)))
    test = clean_test(load(str(files.test)), pool.labels, pool.rows)

    assert pool.labels == labels
    assert names_in(row.gold for row in test.rows) == set(labels)
    for prepared in (pool, test):
        assert (prepared.empty, prepared.duplicates, prepared.unlabelled, prepared.in_pool) == (0, 0, 0, 0)
    assert len(pool.rows) >= 1_100
    assert len(test.rows) >= 280


def test_topics_are_further_labels_of_the_same_questions() -> None:
    questions, topics = bundled("questions"), bundled("topics")

    assert _column(topics.pool, "text") == _column(questions.pool, "text")
    assert _column(topics.test, "text") == _column(questions.test, "text")


@pytest.mark.parametrize("part", ["pool", "test"])
def test_topics_are_as_many_as_their_readme_says(part: str) -> None:
    topics = bundled("topics")
    lists = _column(getattr(topics, part), "labels")
    readme = (topics.pool.parent / "README.md").read_text(encoding="utf-8")
    said = re.findall(r"^\| `(\w+)` \|.*\| (\d+) \| (\d+) \|$", readme, re.MULTILINE)

    counts = [
        [name, str(sum(name in labels for labels in lists))]
        for name in sorted(set(chain.from_iterable(lists)))
    ]

    assert counts == [[name, in_pool if part == "pool" else in_test] for name, in_pool, in_test in said]
    assert all(labels == sorted(set(labels)) for labels in lists)
    sizes = [str(sum(len(labels) == size for labels in lists)) for size in range(4)]
    assert f"| {part} | {' | '.join(sizes)} |" in readme
    assert all(name in topics.description for name, _, _ in said)


def test_an_unknown_name_is_said() -> None:
    with raises_naming(UserError, "'answers'", "questions"):
        bundled("answers")


def _column(file: Path, name: str) -> list[Any]:
    return [json.loads(line)[name] for line in file.read_text(encoding="utf-8").splitlines()]
