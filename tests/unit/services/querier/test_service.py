"""A batch that people are shown already, under a log that does not have it."""

from collections.abc import Sequence
from dataclasses import replace

from labelloop.learner.requests import Pick
from labelloop.loop.schedule import next_batch
from labelloop.loop.state import LoopState
from labelloop.oracle.base import ShownText
from schemas import events as e
from services.querier.due import is_due_by_labels, lookahead_chosen, shown_again, shown_items
from services.querier.service import ShownBefore
from tests.support.states import all_answered, project, queried, state_of, trained

FACTS: tuple[e.EventData, ...] = (queried(), all_answered(), trained("0", {"0": 0}))


class Page:
    """What people are shown, as an oracle that tells; `asked`: the batches that it was asked for."""

    def __init__(self, **batches: Sequence[ShownText]) -> None:
        self.batches = {name.removeprefix("batch_"): texts for name, texts in batches.items()}
        self.asked: list[str] = []

    def project(self, project_id: str) -> "Page":
        return self

    async def shown(self, batch: str, number: int) -> Sequence[ShownText]:
        self.asked.append(batch)
        return self.batches.get(batch, ())


def state(*more: e.EventData, lookahead: int = 0) -> LoopState:
    return state_of(project(lookahead=lookahead), *FACTS, *more)


def shown(*items: int) -> list[ShownText]:
    return [ShownText(item, rank, "uncertain") for rank, item in enumerate(items)]


async def texts(before: ShownBefore, of: LoopState) -> list[int]:
    work = next_batch(of)
    assert work is not None
    return [text.item for text in await before.texts(of, work)]


async def test_the_texts_of_the_next_batch_are_those_that_people_are_shown() -> None:
    before = ShownBefore(Page(batch_1=shown(7, 5, 9)))  # type: ignore[arg-type]

    assert await texts(before, state()) == [7, 5, 9]


def test_what_chose_the_model_is_told_with_its_batch_only_where_the_lookahead_grows() -> None:
    told = (queried(), queried("1", (3, 4, 5)), all_answered(), trained("0", {"0": 0}))
    grown, fixed = state_of(project(lookahead_grows=True), *told), state_of(project(), *told)
    work = next_batch(grown)
    assert work is not None
    assert work == replace(next_batch(fixed) or work, cause=work.cause)

    (chosen,) = lookahead_chosen(grown, work)

    assert (chosen.batch, chosen.model, chosen.waiting, chosen.expected) == ("2", "0", 3, 0.0)
    assert lookahead_chosen(fixed, work) == ()
    assert lookahead_chosen(grown, replace(work, model=None)) == ()


async def test_nobody_is_asked_once_the_log_was_ahead() -> None:
    page = Page(batch_2=shown(7, 5, 9))
    before = ShownBefore(page)  # type: ignore[arg-type]

    assert await texts(before, state()) == []
    later = state(queried("1", (3, 4, 5), model="0"), all_answered("1", (3, 4, 5)), trained("1", {"0-1": 0}))
    assert await texts(before, later) == []
    assert page.asked == ["1"]


async def test_an_oracle_that_cannot_tell_is_not_asked() -> None:
    class Silent:
        def project(self, project_id: str) -> object:
            return object()

    assert await texts(ShownBefore(Silent()), state()) == []  # type: ignore[arg-type]


def test_a_batch_that_is_drawn_by_the_seed_alone_needs_no_asking() -> None:
    assert not is_due_by_labels(state_of(project(lookahead=1), queried()))
    assert is_due_by_labels(state())


def test_what_the_batch_cannot_have_is_left_out() -> None:
    given = shown(7, 1, 40, 7, 5, 9, 11)

    assert [text.item for text in shown_again(state(), 3, given)] == [7, 5, 9]


def test_the_items_have_the_order_of_the_page_and_the_models_predictions() -> None:
    texts = [ShownText(7, 0, "uncertain"), ShownText(5, 4, None)]

    items = shown_items(texts, [Pick(7, None, "ham", 0.6), Pick(5, None, "spam", 0.8)], project())

    assert [(item.item, item.rank, item.reason) for item in items] == [(7, 0, "uncertain"), (5, 1, "audit")]
    assert [(item.predicted, item.probability) for item in items] == [(("ham",), 0.6), (("spam",), 0.8)]
    assert [item.suggested for item in items] == [True, False]
