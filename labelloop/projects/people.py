"""Say of people that they may answer no more, or again: in all projects of a log."""

from collections.abc import Collection, Iterator, Mapping

from labelloop.errors import UserError, one_line
from labelloop.log.base import Log
from labelloop.loop.history import History, all_created
from labelloop.loop.settings_in_force import annotators, barred, for_next
from labelloop.loop.state import THERE, LoopState
from labelloop.projects.catalog import standings
from labelloop.projects.create import SOURCE
from labelloop.projects.operator_requests import new_request, who
from labelloop.projects.own_annotators import said_of
from schemas.envelope import new_event

ANNOTATOR = "annotator"
Histories = Mapping[str, History]


async def say(log: Log, histories: Histories, name: str, word: str, why: str = "") -> int:
    """Say it in each project of the log that does not say it yet. Returns in how many.

    After a kill say it again: until then the projects to which it was said speak for the others.
    """
    data = next(said_of({name: word}, new_request(), who(), why))
    number = 0
    for history, state in all_created(histories.values()):
        if not history.is_away and _word(state, name) != word:
            await log.append(new_event(history.project, data, source=SOURCE, cause=state.latest_id))
            number += 1
    return number


def _word(state: LoopState, name: str) -> str:
    standing = state.standings.get(name)
    return THERE if standing is None else standing.word


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
    there = f"there are {', '.join(map(one_line, people))}" if people else "there is nobody yet"
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


def too_few(histories: Histories, roles: Mapping[str, str] | None) -> Iterator[str]:
    """The projects that ask more people for each text than can answer."""
    everybody = dict(_who_can_answer(histories, roles, None))
    for history, state in all_created(histories.values()):
        can = len(everybody.get(history.project, everybody[""]))
        wanted = for_next(state).min_submitted
        if not (history.is_away or state.ended) and can < wanted:
            answers = "an answer" if wanted == 1 else f"{wanted} answers"
            yield f"{history.project} wants {answers} to each text, and {can} can answer"


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
