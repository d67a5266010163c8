"""Texts that people answered before there was a project, and what their votes come to. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from labelloop.errors import UserError, counted
from labelloop.loop.labels import of_answer
from labelloop.loop.verdict import verdict
from labelloop.pool.columns import Columns, rows_named
from labelloop.pool.label_cells import label_name, quoted
from labelloop.pool.prepare import Prepared, key
from labelloop.pool.sources import SourceTable
from labelloop.projects.options import ProjectOptions
from schemas.model import replaced
from schemas.parts import MULTI_LABEL, SINGLE_LABEL, AnnotatedItem, ItemVotes, Task, Vote


@dataclass(frozen=True)
class AnsweredTexts:
    """Texts with the labels to choose from, and for each row the votes on it, each with its time.

    `source` names them in messages. `guidelines`: by which people answered.
    """

    source: str
    columns: Columns
    labels: tuple[str, ...]
    votes: Sequence[tuple[Vote, ...]]
    guidelines: str | None = None
    task: Task = SINGLE_LABEL


@dataclass(frozen=True)
class Answers:
    """What the votes come to, by pool item, lowest first, and notes for people."""

    by_item: Mapping[int, AnnotatedItem] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[int, tuple[str, ...]]:
        """Those of the texts that have one."""
        labels_of = {item: of_answer(answer) for item, answer in self.by_item.items()}
        return {item: labels for item, labels in labels_of.items() if labels is not None}


NO_ANSWERS = Answers()


@dataclass(frozen=True)
class _Rules:
    task: Task
    labels: tuple[str, ...]
    min_submitted: int
    ties: str


def answers(answered: AnsweredTexts, table: SourceTable, pool: Prepared, options: ProjectOptions) -> Answers:
    """The verdicts on the texts that enough people answered.

    Equal texts are one text; of each person the newest vote on it counts. Raises UserError for a vote for
    what is no label.
    """
    items = {key(row.text): item for item, row in enumerate(pool.rows)}
    votes: dict[int, list[Vote]] = {}
    for row, votes_of_text in enumerate(answered.votes):
        item = items.get(key(table.texts[row]))
        if item is not None and votes_of_text:
            votes.setdefault(item, []).extend(
                _sound(vote, answered, row, pool.labels) for vote in votes_of_text
            )
    rules = _Rules(answered.task, tuple(pool.labels), options.min_submitted, options.ties)
    verdicts = {
        item: verdict(ItemVotes(item=item, votes=_newest(votes[item])), rules) for item in sorted(votes)
    }
    decided = {item: answer for item, answer in verdicts.items() if answer is not None}
    return Answers(decided, tuple(_notes(answered, decided, len(verdicts), len(pool.rows), options)))


def _sound(vote: Vote, answered: AnsweredTexts, row: int, project_labels: Sequence[str]) -> Vote:
    """The vote with labels as a project has them."""
    labels = tuple(map(label_name, vote.labels))
    is_whole = len(labels) == 1 or answered.task == MULTI_LABEL
    if vote.status == "submitted" and not (is_whole and set(labels) <= set(project_labels)):
        raise UserError(
            f"{answered.source}, {rows_named([row])}: the answer of {vote.username} is "
            f"{quoted(labels) or 'empty'}, not one of {quoted(project_labels)}: correct it there"
        )
    return replaced(vote, labels=labels if set(labels) <= set(project_labels) else ())


def _newest(votes: Sequence[Vote]) -> tuple[Vote, ...]:
    """Of each person the newest vote."""
    ordered = sorted(votes, key=lambda vote: vote.time.timestamp() if vote.time else 0.0)
    return tuple({vote.username: vote for vote in ordered}.values())


def _notes(
    answered: AnsweredTexts,
    decided: Mapping[int, AnnotatedItem],
    voted: int,
    size: int,
    options: ProjectOptions,
) -> Iterator[str]:
    discarded = sum(answer.discarded for answer in decided.values())
    without = f", {discarded:,} of them discarded" if discarded else ""
    yield (
        f"{answered.source}: {counted(len(decided), 'text')} answered{without}, {size - len(decided):,} left "
        "to label"
    )
    if few := voted - len(decided):
        yield (
            f"{counted(few, 'text')} with fewer answers than --min-submitted {options.min_submitted}: "
            "asked again"
        )
