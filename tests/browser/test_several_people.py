"""Several people label at once in Argilla's page, and each text is asked as often as it needs answers."""

import random
from collections import Counter
from math import ceil

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import new_annotator
from tests.support.command import eventually
from tests.support.loop import Loop, texts
from tests.support.matrices import in_all_cells
from tests.support.people import Owner

pytestmark = pytest.mark.timeout(900)

MOST_EXTRA = 0.05


@pytest.mark.parametrize(
    ("paces", "batch_size", "min_submitted"),
    [
        ((3, 1), 5, 1),
        in_all_cells((3, 1, 1), 5, 2),
        in_all_cells((3, 1, 1), 10, 2),
        in_all_cells((1, 1), 10, 1),
        in_all_cells((3, 1), 20, 1),
        in_all_cells((1, 1), 5, 1),
        in_all_cells((5, 2, 1), 5, 1),
        in_all_cells((1, 1, 1), 20, 1),
        in_all_cells((4, 3, 2, 1, 1), 10, 1),
        in_all_cells((1, 1, 1, 1, 1), 20, 2),
    ],
)
def test_each_text_is_answered_by_as_many_as_are_needed(
    browser: Browser, loop: Loop, paces: tuple[int, ...], batch_size: int, min_submitted: int
) -> None:
    project = loop.create(
        texts(4 * batch_size),
        batch_size=batch_size,
        max_batches=2,
        lookahead=1,
        min_submitted=min_submitted,
    )
    owner = Owner(loop.argilla, project)
    loop.until(lambda: len(owner.records(0)) == batch_size and len(owner.records(1)) == batch_size)
    pages = [new_annotator(browser, loop.argilla) for _ in paces]
    for page in pages:
        page.open(f"{loop.argilla.url}/dataset/{owner.dataset()}/annotation-mode")
    turns = [who for who, pace in enumerate(paces) for _ in range(pace)]
    draw = random.Random(7)

    def has_all() -> bool:
        records = [record for batch in (0, 1) for record in owner.records(batch).values()]
        return all(len(record["responses"]) >= min_submitted for record in records)

    while not has_all():
        # A page shows none for a moment while it loads one, and while it has not looked again yet.
        eventually(lambda: any(page.texts.count() for page in pages) or has_all(), "a page shows a text")
        who = pages[draw.choice(turns)]
        if who.texts.count():
            who.answer_last(str(draw.randint(1, 3)))

    answers = Counter(item for batch in (0, 1) for item, _ in owner.answers(batch))
    needed = 2 * batch_size * min_submitted
    assert answers.total() - needed <= ceil(MOST_EXTRA * needed), answers
    assert min(answers.values()) >= min_submitted
    state = loop.wait(project, lambda state: all(batch.done for batch in state.batches.values()))
    assert [len(batch.revisions) for batch in state.batches.values()] == [1, 1]
    for page in pages:
        page.page.context.close()
