"""What machines suggest to people: which texts they are asked about, and what people are shown. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from labelloop.loop.label_lists import LabelList
from labelloop.loop.schedule import open_batches
from labelloop.loop.state import Batch, InapplicableEvent, LoopState, Suggester, changed, with_value
from schemas.events import SuggesterChosen, SuggesterChosenV2, SuggestionsMade
from schemas.model import replaced
from schemas.parts import MACHINE, Choice, ItemVotes, QueriedItem, SuggestedItem, Vote

MODEL = "model"
"""The suggester of every project that did not choose another one: the loop's own model."""
LLM = "llm"
NOBODY_ELSE = Suggester(0, Choice(name=MODEL), votes=False)
MOST_TEXTS = 500
"""Of one event: a broker takes about a megabyte."""
SHOWN = frozenset({"cold-start", "uncertain"})
"""Why a text was picked, if people may be shown what a machine says of it."""
ASKED = SHOWN | {"audit"}
"""The same, if a machine is asked. Of audit texts nobody is shown the answer: they measure the machine."""


@dataclass(frozen=True)
class NextSuggestions:
    """Texts of a batch of which a suggester has said nothing yet. `cause`: the event that picked them."""

    batch: str
    number: int
    items: tuple[int, ...]
    choice: Choice
    cause: str


class Spent(NamedTuple):
    """What a project's suggesters used, in all or for a batch."""

    tokens_in: int
    tokens_out: int
    cost: float


def with_machines(data: SuggesterChosen | SuggestionsMade, state: LoopState) -> LoopState:
    """The state after the event. Raises InapplicableEvent."""
    if isinstance(data, SuggesterChosen):
        votes = isinstance(data, SuggesterChosenV2)
        chosen = Suggester(max(data.from_batch, state.numbered), data.suggester, votes)
        return changed(state, suggesters=(*state.suggesters, chosen))
    batch = state.batches.get(data.batch)
    if batch is None or data.number != len(batch.suggestions):
        raise InapplicableEvent(f"it is number {data.number} of batch {data.batch}, which is not next")
    if stray := {suggested.item for suggested in data.items} - batch.items:
        raise InapplicableEvent(f"it speaks of texts that the batch did not ask for: {sorted(stray)[:5]}")
    more = changed(batch, suggestions=(*batch.suggestions, data))
    return changed(state, batches=with_value(state.batches, batch.name, more))


def suggester_at(state: LoopState, batch: int) -> Suggester:
    """Who suggests labels for a numbered batch."""
    holding = [each for each in state.suggesters if each.from_batch <= batch]
    return holding[-1] if holding else NOBODY_ELSE


def suggester_next(state: LoopState) -> Suggester:
    """Who suggests labels for the next batch."""
    return suggester_at(state, state.numbered)


def is_any_machine_chosen(state: LoopState) -> bool:
    """Whether a machine beside the loop's own model suggests labels, or will."""
    return any(each.choice.name != MODEL for each in state.suggesters)


def is_shown(picked: QueriedItem) -> bool:
    """Whether people are shown what a machine says of a text."""
    return picked.reason in SHOWN and not picked.unaided


def next_suggestions(state: LoopState) -> NextSuggestions | None:
    """The oldest open batch with texts to suggest labels for. None also where the money is spent."""
    if state.ended:
        return None
    for batch in open_batches(state):
        choice = suggester_at(state, batch.number).choice
        items = outstanding(batch)[:MOST_TEXTS]
        if choice.name != MODEL and items and not batch.closed and money_left(state, batch, choice) > 0:
            return NextSuggestions(batch.name, len(batch.suggestions), items, choice, batch.queried_id)
    return None


def outstanding(batch: Batch) -> tuple[int, ...]:
    """The texts of a batch of which a machine can be asked and was not, by rank."""
    known = {suggested.item for each in batch.suggestions for suggested in each.items}
    return tuple(each.item for each in batch.queried.items if each.reason in ASKED and each.item not in known)


def money_left(state: LoopState, batch: Batch, choice: Choice) -> float:
    """How much may be spent on a batch before the next limit, in all or for the batch.

    The newest limits of the same suggester hold, also for the batches before they were chosen.
    """
    newest = suggester_next(state).choice
    parameters = (newest if newest.name == choice.name else choice).parameters
    limits = (("max_cost", tuple(state.batches.values())), ("max_batch_cost", (batch,)))
    left = [float(parameters[name]) - spent(*batches).cost for name, batches in limits if name in parameters]
    return min(left, default=float("inf"))


def spent(*batches: Batch) -> Spent:
    """What was used for these batches."""
    return spent_by([each for batch in batches for each in batch.suggestions])


def spent_by(made: Sequence[SuggestionsMade]) -> Spent:
    """What was used for these suggestions."""
    return Spent(
        sum(each.tokens_in or 0 for each in made),
        sum(each.tokens_out or 0 for each in made),
        sum(each.cost or 0.0 for each in made),
    )


def rule_name(place: int) -> str:
    """The name of a pattern by its place, from 1."""
    return f"rule {place}"


def patterns(state: LoopState, labels: LabelList) -> Mapping[str, str]:
    """The label and the pattern of each rule by its name, where the project's newest suggester has rules."""
    rules = suggester_next(state).choice.parameters.get("rules") or ()
    return {
        rule_name(place): f"{labels.called.get(label, label)}, {pattern}"
        for place, (label, pattern) in enumerate(rules, 1)
    }


def made_of(batch: Batch) -> Iterator[tuple[SuggestionsMade, SuggestedItem]]:
    """All that machines said of a batch's texts, and the event that tells it."""
    return ((made, suggested) for made in batch.suggestions for suggested in made.items)


def has_answer(suggested: SuggestedItem) -> bool:
    """Whether a suggester gave labels, or says that none of several fits."""
    return bool(suggested.labels or suggested.none)


def source_of(made: SuggestionsMade) -> str:
    """Who suggested, in a word or two: what people read beside a suggestion."""
    return f"{made.suggester} {made.llm}" if made.llm else made.suggester


def machine_votes(state: LoopState, batch: Batch) -> Mapping[int, Vote]:
    """The votes of machines on a batch's texts, by pool item. Once it is done, those that were counted.

    On an audit text there is none: it would no longer measure.
    """
    if batch.done:
        answers = batch.revisions[0].items
        return {each.item: vote for each in answers for vote in each.votes if vote.status == MACHINE}
    if not suggester_at(state, batch.number).votes:
        return {}
    reasons = {each.item: each.reason for each in batch.queried.items}
    return {
        suggested.item: Vote(username=source_of(made), status=MACHINE, labels=suggested.labels)
        for made, suggested in made_of(batch)
        if has_answer(suggested) and reasons[suggested.item] in SHOWN
    }


def by_people(answer: ItemVotes) -> ItemVotes:
    """An answer with the votes of people alone."""
    if all(vote.status != MACHINE for vote in answer.votes):
        return answer
    return replaced(answer, votes=tuple(vote for vote in answer.votes if vote.status != MACHINE))


def shown_by_machines(batch: Batch, labels: LabelList) -> Mapping[int, tuple[str, tuple[str, ...]]]:
    """Who suggests what in the model's place, by pool item: never for an audit text, nor what is no label."""
    picked: dict[int, QueriedItem] = {each.item: each for each in batch.queried.items}
    return {
        suggested.item: (source_of(made), suggested.labels)
        for made, suggested in made_of(batch)
        if has_answer(suggested)
        and is_shown(picked[suggested.item])
        and labels.choices.keys() >= {*suggested.labels}
    }
