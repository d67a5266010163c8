"""Which batch is due, and its items from the strategy's picks. Pure."""

from collections.abc import Sequence
from typing import Any

from labelloop.learner.requests import Pick
from labelloop.loop import schedule
from labelloop.loop.labels import asked_items
from labelloop.loop.pace import expected_answers, waiting_texts
from labelloop.loop.pools import pool_for_next
from labelloop.loop.random_draws import shuffled, with_overlap
from labelloop.loop.schedule import (
    NextBatch,
    NextRelabel,
    is_last_queried,
    next_batch,
    next_relabel,
)
from labelloop.loop.settings_in_force import overlap_at
from labelloop.loop.state import LoopState
from labelloop.oracle.base import ShownText
from labelloop.projects.learner_requests import predicted
from schemas.events import LookaheadChosen, ProjectCreated
from schemas.parts import QueriedItem


def next_work(state: LoopState) -> NextBatch | NextRelabel | None:
    """The next batch. A numbered batch comes before a relabel batch, because it takes longer to pick."""
    return next_batch(state) or next_relabel(state)


def still_due(state: LoopState, begun: NextBatch | NextRelabel) -> bool:
    """Whether a batch that was picked may be appended to what the state is by then."""
    return schedule.still_due(state, begun) if isinstance(begun, NextBatch) else next_work(state) == begun


def lookahead_chosen(state: LoopState, work: NextBatch) -> tuple[LookaheadChosen, ...]:
    """What is appended before a batch that a model picked; nothing where the lookahead is fixed."""
    if work.model is None or not schedule.grows(state):
        return ()
    return (
        LookaheadChosen(
            batch=work.batch,
            model=work.model,
            waiting=waiting_texts(state),
            expected=expected_answers(state),
        ),
    )


def is_model_wanted(state: LoopState) -> bool:
    """Whether there is a next batch that a model picks."""
    return not (state.ended or is_last_queried(state)) and is_due_by_labels(state)


def is_due_by_labels(state: LoopState) -> bool:
    """Whether labels decide what the next batch asks for, so that it can differ if it is picked again."""
    return schedule.expected_model(state, state.numbered) >= 0


def shown_again(state: LoopState, size: int, shown: Sequence[ShownText]) -> list[ShownText]:
    """Of the texts that people are shown as the next batch, those that it can have, by rank."""
    size_of_pool = pool_for_next(state).size
    free = {text.item: text for text in shown if text.item < size_of_pool}
    for item in asked_items(state) & free.keys():
        del free[item]
    return list(free.values())[:size]


def shown_items(
    shown: Sequence[ShownText], described: Sequence[Pick], project: ProjectCreated
) -> tuple[QueriedItem, ...]:
    """The items of a batch that people are shown already, with the model's predictions for them."""
    return tuple(
        QueriedItem(
            item=text.item,
            rank=rank,
            reason="audit" if text.reason is None else "uncertain",
            suggested=text.reason is not None,
            **_predicted(pick, project),
        )
        for rank, (text, pick) in enumerate(zip(shown, described, strict=True))
    )


def queried_items(
    batch: str, project: ProjectCreated, uncertain: Sequence[Pick], audit: Sequence[Pick]
) -> tuple[QueriedItem, ...]:
    """The items in the order people see them: the strategy's order, or shuffled if there are audit texts.

    An audit text has no suggestion, so that people are not influenced.
    """
    picks = {pick.item: pick for pick in (*uncertain, *audit)}
    audited = {pick.item for pick in audit}
    order = shuffled(project.seed, batch, list(picks)) if audited else list(picks)
    return tuple(
        QueriedItem(
            item=item,
            rank=rank,
            reason="audit" if item in audited else "uncertain",
            score=picks[item].score,
            suggested=item not in audited,
            **_predicted(picks[item], project),
        )
        for rank, item in enumerate(order)
    )


def asked_of_two(state: LoopState, batch: str, items: Sequence[QueriedItem]) -> tuple[QueriedItem, ...]:
    """The items of the next batch, with the share that two people answer."""
    return with_overlap(state.project.seed, batch, items, overlap_at(state, state.numbered))


def _predicted(pick: Pick, project: ProjectCreated) -> dict[str, Any]:
    several = project.is_multi_label
    prediction = {"predicted": predicted(pick, several), "probability": pick.probability}
    return {**prediction, "probabilities": tuple(each for _, each in pick.labels)} if several else prediction
