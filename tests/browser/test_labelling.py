"""People label in Argilla's page, in a real browser, and the loop goes on."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LogIn, Served
from tests.support.browser import PATIENCE
from tests.support.states import LABELS

pytestmark = pytest.mark.timeout(600)
expect.set_options(timeout=PATIENCE)

KEYS = dict(zip("123", LABELS, strict=True))


@pytest.mark.all_cells
def test_a_batch_labelled_by_keyboard_brings_the_next_one_with_suggestions(
    served: Served, log_in: LogIn
) -> None:
    first = served.batch("in-turn", 0)
    ada = log_in("ada")
    ada.open_from_home("in-turn")
    assert "View metadata" in ada.guidelines()
    assert ada.metadata().items() >= {"batch": "0", "reason": "cold-start"}.items()

    ada.sees_left(5)
    labelled = {ada.press(key): [KEYS[key]] for key in "1231"}
    ada.sees_left(1)
    discarded = ada.press("Backspace")

    assert {*labelled, discarded} == first
    done = served.annotated("in-turn", "0")
    assert {text: item["labels"] for text, item in done.items()} == labelled | {discarded: []}
    assert done[discarded]["discarded"]
    assert {vote["username"] for item in done.values() for vote in item["votes"]} == {"ada"}

    expect(ada.suggestion).to_have_text(re.compile(rf"\d\s+({'|'.join(LABELS)})\s+[01](\.\d)?"))
    assert ada.text in served.batch("in-turn", 1)
    picked = {"batch": "1", "rank": "0", "reason": "uncertain", "model": "model-0"}
    assert ada.metadata().items() >= picked.items()
    suggested = ada.suggestion.get_attribute("title")
    agreed = ada.press("Enter")
    for key in "1231":
        ada.answer(key)
    assert served.annotated("in-turn", "1")[agreed]["labels"] == [suggested]


@pytest.mark.all_cells
def test_the_oldest_batch_comes_first_by_link_and_from_home_and_all_tools_work(
    served: Served, log_in: LogIn
) -> None:
    oldest, newer = served.batch("ahead", 0), served.batch("ahead", 1)
    ada = log_in("ada")

    for enter, where in ((ada.open, served.link("ahead")), (ada.open_from_home, "ahead")):
        enter(where)
        assert ada.text in oldest
        ada.show_many()
        expect(ada.texts).to_have_count(10)
        shown = [text.strip() for text in ada.texts.all_inner_texts()]
        assert (set(shown[:5]), set(shown[5:])) == (oldest, newer)

    wanted = min(newer)
    ada.search(wanted.split()[1])
    expect(ada.texts).to_have_text([wanted])

    ada.open(served.link("ahead"))
    ada.filter_from_batch(1)
    ada.show_many()
    expect(ada.texts).to_have_count(5)
    assert {text.strip() for text in ada.texts.all_inner_texts()} == newer
    ada.answer_all_shown("2")
    assert [item["labels"] for item in served.annotated("ahead", "1").values()] == [[KEYS["2"]]] * 5
