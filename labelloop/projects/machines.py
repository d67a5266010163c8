"""Which machine suggests labels in a project: what users ask for, and the event that says it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from labelloop.errors import UserError
from labelloop.loop.history import History, all_created
from labelloop.loop.label_lists import label_list
from labelloop.loop.state import LoopState, Suggester
from labelloop.loop.suggestions import MODEL, NOBODY_ELSE, is_any_machine_chosen, suggester_at, suggester_next
from labelloop.machines.suggesters import chosen, merged
from labelloop.projects.options import ProjectOptions
from labelloop.projects.options_as_fields import how_to_change
from schemas.events import SuggesterChosen, SuggesterChosenV2

ABOUT_MACHINES = frozenset({"suggest", "suggest_parameters", "machine_vote"})
AT_CREATION = "suggester"


def at_creation(
    options: ProjectOptions, labels: Sequence[str], task: str, who: str
) -> tuple[SuggesterChosen, ...]:
    """What is said together with the creation of a project that chooses a machine. Raises UserError."""
    asked = _asked_suggester(options, {label: label for label in labels}, task)
    return _told(asked, NOBODY_ELSE, AT_CREATION, who)


def at_fork(options: ProjectOptions, state: LoopState, batches: int, who: str) -> tuple[SuggesterChosen, ...]:
    """The same of a fork, which goes on with what its project has unless it is asked. Raises UserError."""
    asked = _suggester_after(options, state, suggester_at(state, batches))
    return _told(replace(asked, from_batch=0), NOBODY_ELSE, AT_CREATION, who)


def at_change(
    options: ProjectOptions, state: LoopState, first: int, request: str, who: str, why: str
) -> tuple[SuggesterChosen, ...]:
    """What is said if another one suggests labels from batch `first` on. Raises UserError."""
    now = suggester_at(state, first)
    asked = _suggester_after(options, state, now)
    return _told(replace(asked, from_batch=first), now, request, who, why)


def check_same_suggester(state: LoopState, options: ProjectOptions) -> None:
    """Raises UserError if the options ask for another suggester than the project has."""
    now = suggester_next(state)
    if _differs(_suggester_after(options, state, now), now):
        vote = " --machine-vote" if now.votes else ""
        raise UserError(
            f"the project {state.project.name!r} has --suggest {now.choice.name}{vote}, and these options "
            f"differ: leave them out,{how_to_change(state.project, options, 'suggest')} "
            "or give another --name"
        )


def is_suggester_needed(histories: Iterable[History]) -> bool:
    """Whether a project has chosen a machine, for which the service that asks machines must run."""
    return any(is_any_machine_chosen(state) for _, state in all_created(histories))


def _suggester_after(options: ProjectOptions, state: LoopState, now: Suggester) -> Suggester:
    return _asked_suggester(options, label_list(state).called, state.project.task, now)


def _asked_suggester(
    options: ProjectOptions, labels: Mapping[str, str], task: str, now: Suggester = NOBODY_ELSE
) -> Suggester:
    """The suggester that is asked for, if `now` is the one before."""
    choice, given_names = now.choice, options.given_names & ABOUT_MACHINES
    if "suggest" in given_names:
        choice = chosen(options.suggest, options.suggest_parameters, labels, task)
    elif "suggest_parameters" in given_names:
        choice = merged(choice, options.suggest_parameters, labels, task)
    votes = options.machine_vote if "machine_vote" in given_names else now.votes and choice.name != MODEL
    if votes and choice.name == MODEL:
        raise UserError("--machine-vote is for a machine beside the model: name one, such as --suggest llm")
    return replace(now, choice=choice, votes=votes)


def _told(
    asked: Suggester, now: Suggester, request: str, who: str, why: str = ""
) -> tuple[SuggesterChosen, ...]:
    """The event, if something changes. An older service can skip it, unless the machine votes."""
    if not _differs(asked, now):
        return ()
    kind = SuggesterChosenV2 if asked.votes else SuggesterChosen
    by = {"request": request, "who": who, "why": why}
    return (kind(**by, from_batch=asked.from_batch, suggester=asked.choice),)


def _differs(asked: Suggester, now: Suggester) -> bool:
    return (asked.choice, asked.votes) != (now.choice, now.votes)
