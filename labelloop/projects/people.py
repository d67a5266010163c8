"""Who is there to answer: in a project, and in all projects of a log."""

import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from labelloop.errors import UserError, one_line
from labelloop.loop.history import History, all_created
from labelloop.loop.random_draws import ANSWERS
from labelloop.loop.schedule import is_last_queried, open_batches
from labelloop.loop.settings_in_force import annotators, answers_wanted, barred, for_next, overlap_at
from labelloop.loop.state import Batch, LoopState
from labelloop.projects.catalog import standings

ANNOTATOR, DISABLED = "annotator", "disabled"
Histories = Mapping[str, History]


def check_known(name: str, histories: Histories, roles: Mapping[str, str] | None) -> None:
    """Raises UserError unless the log or Argilla knows an annotator of this name.

    `roles`: those of Argilla's users by name. None: its accounts are not known.
    """
    role = (roles or {}).get(name, ANNOTATOR)
    if role != ANNOTATOR:
        raise UserError(f"{name} is no annotator, but {_article(role)} of this Argilla: nothing was changed")
    known = {*(roles or {}), *_of_log(histories)}
    if name in known:
        return
    closed = {each for each, standing in standings(histories).items() if standing.is_barred}
    people = sorted(each for each in known - closed if (roles or {}).get(each, ANNOTATOR) == ANNOTATOR)
    are = "is" if len(people) == 1 else "are"
    there = f"there {are} {', '.join(map(one_line, people))}" if people else "there is nobody yet"
    unknown = (
        ""
        if roles is not None
        else "; Argilla does not answer, so accounts that never labelled are not known"
    )
    raise UserError(f"there is no annotator {name!r}: {there}{unknown}")


def _article(role: str) -> str:
    return f"an {role}" if role[:1] in "aeiou" else f"the {role}"


def check_others_can_answer(name: str, histories: Histories, roles: Mapping[str, str] | None) -> None:
    """Raises UserError if nobody could answer without this person, in all projects or in one of its own."""
    for project, people in _who_can_answer(histories, roles, name):
        if name in people and len(people) == 1:
            where = f" of {project}" if project else ""
            raise UserError(
                f"{name} is the last annotator{where}, so nobody could answer: "
                "add another one first, or give --force"
            )


@dataclass(frozen=True)
class Later:
    """What later batches want: how many people for this share of their texts, and how many there are."""

    share: float
    people: int
    there: int

    @property
    def line(self) -> str:
        """Such as "later batches want 2 people for each text, and 1 is there"."""
        texts = "each text" if self.share == 1 else f"{self.share:.0%} of the texts"
        people = "1 person" if self.people == 1 else f"{self.people} people"
        there = {0: "nobody is", 1: "1 is"}.get(self.there, f"{self.there} are")
        return f"later batches want {people} for {texts}, and {there} there"


@dataclass(frozen=True)
class Stuck:
    """What wants more people than are left, and who was kept from answering.

    `texts`: how many of each open batch. `later`: None if later batches want no more than there are.
    `barred`: by name, how. `is_sure`: the accounts are known, too, of people who never labelled.
    """

    texts: Mapping[str, int]
    barred: Mapping[str, str]
    is_sure: bool
    later: Later | None = None

    @property
    def line(self) -> str:
        """How many texts wait, for whom, and what later batches want."""
        where = ", ".join(f"{count} in batch {batch}" for batch, count in self.texts.items())
        wants = [f"texts that nobody is left to answer: {where}"] if where else []
        wants += [self.later.line] if self.later else []
        barred = ", ".join(f"{one_line(name)} is {word}" for name, word in self.barred.items())
        known = "" if self.is_sure else ", as far as is known while Argilla does not answer"
        return f"{'; '.join(wants)} ({barred}){known}"

    def steps(self, state: LoopState) -> Iterator[str]:
        """What can be done: commands, and what they do."""
        name = shlex.quote(one_line(state.project.name))
        for person, word in self.barred.items():
            if word == DISABLED:
                who = one_line(person)
                yield f"`labelloop annotators enable {shlex.quote(who)}` lets {who} answer again"
        yield "`labelloop annotators add NAME` makes an account for somebody else"
        if annotators(state) is not None:
            yield f"`labelloop change {name} --annotators NAME,NAME` lets others see the project"
        for batch in self.texts:
            yield f"`labelloop close {batch} --project {name}` ends batch {batch} without them"
        fewer = "--overlap 0" if overlap_at(state, state.numbered) else "--min-submitted 1"
        if overlap_at(state, state.numbered) or for_next(state).min_submitted > 1:
            yield f"`labelloop change {name} {fewer}` wants one answer to each text of later batches"


def stuck(history: History, histories: Histories, roles: Mapping[str, str] | None) -> Stuck | None:
    """What of a project waits for people who are not left, because some were kept from answering."""
    state = history.state
    closed = {name: each.word for name, each in standings(histories).items() if each.is_barred}
    if history.inactive_because or not isinstance(state, LoopState) or not closed:
        return None
    everybody = dict(_who_can_answer(histories, roles, None))
    can = everybody.get(history.project, everybody[""])
    counted = {batch.name: _out_of_reach(state, batch, can) for batch in open_batches(state)}
    texts, later = {name: count for name, count in counted.items() if count}, _later(state, len(can))
    only = annotators(state)
    kept_out = {name: word for name, word in closed.items() if only is None or name in only}
    return Stuck(texts, kept_out, roles is not None, later) if texts or later else None


def _out_of_reach(state: LoopState, batch: Batch, can: Collection[str]) -> int:
    """How many texts want more answers than these people can give beside those that there are."""
    given = {
        answer.item: {vote.username for vote in answer.votes if vote.status != "draft"}
        for answer in batch.answers
    }
    wanted = answers_wanted(state, batch)
    return sum(len(given.get(item, set()).union(can)) < count for item, count in wanted.items())


def _later(state: LoopState, there: int) -> Later | None:
    """What later batches want, if that is more people than there are."""
    least, share = for_next(state).min_submitted, overlap_at(state, state.numbered)
    if state.ended or is_last_queried(state):
        return None
    if there < least:
        return Later(1.0, least, there)
    return Later(share, ANSWERS, there) if share and there < ANSWERS else None


def _who_can_answer(
    histories: Histories, roles: Mapping[str, str] | None, name: str | None
) -> Iterator[tuple[str, Collection[str]]]:
    """Who can answer, by project; under "" in the projects that all see. `name` counts as one who can."""
    closed = {each for each, standing in standings(histories).items() if standing.is_barred} - {name}
    everybody = {each for each, role in (roles or {}).items() if role == ANNOTATOR}
    yield "", (everybody if roles is not None else set(_of_log(histories))) - closed
    for history, state in all_created(histories.values()):
        own = annotators(state)
        if own is not None and not (history.is_away or state.ended):
            yield history.project, set(own) - closed


def _of_log(histories: Histories) -> Iterator[str]:
    """Everybody who answered, or whom the log names."""
    for _, state in all_created(histories.values()):
        yield from annotators(state) or ()
        yield from barred(state)
        for batch in state.batches.values():
            for answer in batch.answers:
                yield from (vote.username for vote in answer.votes)
