"""`labelloop why`, by the log alone."""

import json
from typing import Any

import pytest

from labelloop.cli.why import why_text
from labelloop.loop.labels import current
from labelloop.projects.why import reasons
from schemas.events import LookaheadChosen
from schemas.model import replaced
from schemas.parts import QueriedItem, Shortlist
from tests.support.command import error_line, labelloop
from tests.support.loops import Loop
from tests.support.messages import names
from tests.support.states import all_answered, project, queried, state_of, trained


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


def test_an_audit_text_was_not_picked_from_the_shortlist() -> None:
    picked = tuple(
        QueriedItem(item=item, rank=rank, reason=reason)
        for rank, (item, reason) in enumerate([(7, "uncertain"), (8, "audit")])
    )
    shortlist = Shortlist(looked_at=4444, doubtful=1500, drawn=500, digest="d")
    batch = replaced(queried("1", model="0"), items=picked, shortlist=shortlist)
    learned = (queried("0"), all_answered("0"), trained("0", {"0": 0}))
    state = state_of(project(lookahead=0), *learned, batch)

    uncertain, audit = [why_text(reasons(state, item) | {"text": None}) for item in (7, 8)]

    assert names(uncertain, "2,000", "4,444")
    assert not names(audit, "4,444")


def test_where_the_lookahead_grows_it_is_told_why_that_model_picked() -> None:
    chosen = LookaheadChosen(batch="2", model="0", waiting=3, expected=7.6)
    told = (queried("0"), queried("1", (3,)), all_answered("0"), trained("0", {"0": 0}))
    state = state_of(project(lookahead_grows=True), *told, chosen, queried("2", (7,), model="0"))

    (text, of_the_start) = [why_text(reasons(state, item) | {"text": None}) for item in (7, 3)]

    assert names(text, "model 0", "3 texts", "8")
    assert not names(of_the_start, "3 texts")


@pytest.mark.parametrize(("item", "facts"), [(40, (40, 39)), ("mail", ("'mail'",))])
def test_what_is_no_item_is_told(log: str, item: object, facts: tuple[object, ...]) -> None:
    assert names(error_line(labelloop("why", item, "--log", log)), *facts)
