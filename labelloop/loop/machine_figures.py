"""How far machines agree with people, from what both said of the same texts. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from labelloop.loop.labels import decided
from labelloop.loop.state import LoopState
from labelloop.loop.suggestions import Spent, by_people, has_answer, is_shown, source_of, spent_by
from labelloop.loop.verdict import verdict
from schemas.events import SuggestionsMade
from schemas.model import replaced
from schemas.parts import FunctionVote, SuggestedItem


@dataclass(frozen=True)
class Compared:
    """Of texts that a machine labelled: how many people labelled too, and how many in the same way."""

    texts: int = 0
    agreed: int = 0


@dataclass(frozen=True)
class FunctionFigures:
    """A label function: how many texts it labelled, and on how many another one said something else."""

    labelled: int
    conflicts: int
    compared: Compared


@dataclass(frozen=True)
class MachineFigures:
    """A machine: of how many texts it was asked, how many it labelled, and why not the others.

    `shown`: compared with people who were shown its suggestion. `unseen`: with people who were not, as on
    audit texts. `functions`: of each of its label functions, by name.
    """

    asked: int
    labelled: int
    abstained: Mapping[str, int]
    shown: Compared
    unseen: Compared
    spent: Spent
    functions: Mapping[str, FunctionFigures] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """What a machine said of a text, whether people were shown it, and what they say."""

    suggested: SuggestedItem
    is_shown: bool
    people: tuple[str, ...] | None

    def is_right(self, labels: Iterable[str]) -> bool:
        return set(labels) == set(self.people or ())


def machine_figures(state: LoopState) -> dict[str, MachineFigures]:
    """The figures of each machine that was asked, by who it is."""
    is_any = any(batch.suggestions for batch in state.batches.values())
    people = _labels_of_people(state) if is_any else {}
    made: dict[str, list[SuggestionsMade]] = {}
    asked: dict[str, list[_Asked]] = {}
    for batch in state.batches.values():
        shown = {each.item for each in batch.queried.items if is_shown(each)}
        for each in batch.suggestions:
            made.setdefault(source_of(each), []).append(each)
            asked.setdefault(source_of(each), []).extend(
                _Asked(suggested, suggested.item in shown, people.get(suggested.item))
                for suggested in each.items
            )
    return {source: _figures(asked[source], made[source]) for source in made}


def _labels_of_people(state: LoopState) -> dict[int, tuple[str, ...]]:
    """What the votes of people alone come to, of every text that they labelled."""
    of_people = {}
    for _, answer in decided(state):
        people = verdict(by_people(answer), replaced(state.project, min_submitted=1))
        if people is not None and (people.labels or people.none):
            of_people[answer.item] = people.labels
    return of_people


def _figures(asked: Sequence[_Asked], made: Sequence[SuggestionsMade]) -> MachineFigures:
    labelled = [each for each in asked if has_answer(each.suggested)]
    names = dict.fromkeys(name for each in made for name in each.functions or ())
    return MachineFigures(
        asked=len(asked),
        labelled=len(labelled),
        abstained=dict(
            Counter(str(each.suggested.abstained) for each in asked if not has_answer(each.suggested))
        ),
        shown=_compared([(each, each.suggested.labels) for each in labelled if each.is_shown]),
        unseen=_compared([(each, each.suggested.labels) for each in labelled if not each.is_shown]),
        spent=spent_by(made),
        functions={name: _function(name, asked) for name in names},
    )


def _function(name: str, asked: Sequence[_Asked]) -> FunctionFigures:
    own = [
        (each, vote.labels) for each in asked for vote in each.suggested.votes or () if vote.function == name
    ]
    return FunctionFigures(
        labelled=len(own),
        conflicts=sum(_differ(labels, each.suggested.votes) for each, labels in own),
        compared=_compared(own),
    )


def _differ(labels: tuple[str, ...], votes: Iterable[FunctionVote]) -> bool:
    return any(set(vote.labels) != set(labels) for vote in votes)


def _compared(labelled: Sequence[tuple[_Asked, tuple[str, ...]]]) -> Compared:
    both = [(each, labels) for each, labels in labelled if each.people is not None]
    return Compared(len(both), sum(each.is_right(labels) for each, labels in both))
