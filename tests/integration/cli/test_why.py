"""`labelloop why`, by the log alone."""

import json
from typing import Any

import pytest

from labelloop.loop.labels import current
from tests.support.command import error_line, labelloop
from tests.support.loops import Loop
from tests.support.messages import names


def told(log: str, item: int) -> dict[str, Any]:
    result = labelloop("why", item, "--log", log, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_text_that_a_model_picked(loop: Loop, log: str) -> None:
    batch = loop.state.batches["2"]
    picked = batch.queried.items[1]

    said = told(log, picked.item)

    (asked,) = said["asked"]
    assert (asked["batch"], asked["rank"], asked["reason"]) == ("2", 1, "uncertain")
    assert (asked["model"], asked["seed"]) == (batch.queried.model, batch.queried.seed)
    assert asked["time"] == batch.queried_at.isoformat()
    assert said["labels"] == list(current(loop.state)[picked.item])
    learned = {model["model"]: model["learned_it"] for model in said["models"]}
    assert learned == {"0": False, "1": False, "2": True}
    assert said["text"] is None


def test_a_cold_start_and_a_text_that_was_never_asked(loop: Loop, log: str) -> None:
    item = loop.state.batches["0"].queried.items[0].item
    asked = {item for batch in loop.state.batches.values() for item in batch.items}
    other = min(set(range(loop.created.pool.size)) - asked)

    (drawn,) = told(log, item)["asked"]
    text = labelloop("why", item, "--log", log).stdout
    unasked = told(log, other)

    assert (drawn["batch"], drawn["reason"], drawn["model"]) == ("0", "cold-start", None)
    assert names(text, item, "batch 0", "seed", "model 0")
    assert (unasked["asked"], unasked["labels"]) == ([], None)
    assert names(labelloop("why", other, "--log", log).stdout, other)


@pytest.mark.parametrize(("item", "facts"), [(40, (40, 39)), ("mail", ("'mail'",))])
def test_what_is_no_item_is_told(log: str, item: object, facts: tuple[object, ...]) -> None:
    assert names(error_line(labelloop("why", item, "--log", log)), *facts)
