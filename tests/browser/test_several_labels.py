"""People choose several labels, or that none of them fits, on Argilla's page.

The page's content security policy is off: a label must do no harm on an Argilla that sends none.
"""

import pytest
from playwright.sync_api import Browser, expect

from labelloop.loop.labels import NONE, current
from schemas import events as e
from schemas.parts import MULTI_LABEL, QueriedItem
from tests.browser.conftest import new_annotator
from tests.support.attacks import Attacker
from tests.support.browser import PATIENCE
from tests.support.loop import Loop
from tests.support.people import Owner
from tests.support.states import trained

pytestmark = pytest.mark.timeout(600)
expect.set_options(timeout=PATIENCE)


def test_people_choose_several_labels_or_none_and_correct_suggestions(
    loop: Loop, browser: Browser, attacker: Attacker
) -> None:
    hostile = f"<img src=x onerror='{attacker.steal('label')}'>"
    labels = ("money", "travel", hostile)
    project = loop.create(
        [(f"text {item}", None) for item in range(6)],
        task=MULTI_LABEL,
        labels=labels,
        batch_size=3,
        max_batches=2,
        lookahead=0,
    )
    owner = Owner(loop.argilla, project)
    loop.until(lambda: len(owner.records(0)) == 3)
    ada = new_annotator(browser, loop.argilla, policy=False)
    ada.open(f"{loop.argilla.url}/dataset/{owner.dataset()}/annotation-mode?sort=metadata.batch.asc")

    assert ada.labels == [*labels, NONE]
    assert NONE in ada.guidelines()
    ada.focus_labels()
    ada.page.keyboard.press("1")
    ada.page.keyboard.press("3")
    ada.page.keyboard.press("2")
    ada.page.keyboard.press("2")
    one = ada.press("Enter")
    ada.page.keyboard.press("4")
    other = ada.press("Enter")
    ada.page.keyboard.press("2")
    ada.answer_last("Enter")
    state = loop.wait(project, lambda state: state.batches["0"].done)
    items = {f"text {item}": item for item in range(6)}
    assert current(state)[items[one]] == (labels[0], hostile)
    assert current(state)[items[other]] == ()

    rest = [item for item in range(6) if item not in state.batches["0"].items]
    predictions = ((("travel", "money"), 0.9, (0.9, 0.6)), ((), 0.2, ()), ((), 0.2, ()))
    picked = [
        QueriedItem(
            item=item,
            rank=rank,
            reason="uncertain",
            predicted=predicted,
            probability=probability,
            suggested=True,
            probabilities=each,
        )
        for rank, (item, (predicted, probability, each)) in enumerate(zip(rest, predictions, strict=True))
    ]
    queried = e.BatchQueried(
        batch="1",
        items=tuple(picked),
        model="0",
        attempt=0,
        seed=0,
        pool_version=state.project.pool.digest,
        seconds=0.0,
    )
    loop.append(project, trained("0", {"0": 0}), queried)
    loop.until(lambda: len(owner.records(1)) == 3)
    ada.open(f"{loop.argilla.url}/dataset/{owner.dataset()}/annotation-mode?sort=metadata.batch.asc")
    for _ in rest:
        # Each person begins a batch with another text.
        place = rest.index(items[ada.text])
        expect(ada.suggestion).to_have_text(
            ["1 money  0.6", "2 travel  0.9"] if place == 0 else [f"4 {NONE}  0.8"]
        )
        if place == 2:
            ada.page.keyboard.press("1")
        ada.answer_last("Enter")
    state = loop.wait(project, lambda state: state.batches["1"].done)
    assert [current(state)[item] for item in rest] == [("money", "travel"), (), ("money",)]
    assert ada.page.locator("img[src=x]").count() == 0
    assert (ada.asked_elsewhere(), attacker.heard) == ([], [])
    ada.page.context.close()
