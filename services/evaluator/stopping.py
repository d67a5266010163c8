"""The input of a stopping criterion, and the events that follow from its result. Pure."""

from itertools import islice

from labelloop.loop.draws import derived, random_draw
from labelloop.loop.names import numbered
from labelloop.loop.state import LoopState
from schemas.events import EventData, ProjectCreated, ProjectEnded, StoppingAdvised, StoppingChecked

STOPPING_SET = 500


def stopping_set(project: ProjectCreated) -> list[int]:
    """The texts on which the criterion compares models. They depend only on the seed."""
    return random_draw(derived(project.seed, "stopping"), project.pool.size, (), STOPPING_SET)


def count_up_to(state: LoopState, model: str) -> int:
    """How many models of batches there are up to and including this one."""
    return numbered(state.models).index(model) + 1


def earlier(state: LoopState, model: str, most: int) -> list[StoppingChecked]:
    """At most `most` checks of earlier models, the latest ones, oldest first."""
    names = list(state.models)
    newest_first = (state.checks.get(name) for name in reversed(names[: names.index(model)]))
    checks = islice((check for check in newest_first if check is not None), most)
    return list(checks)[::-1]


def told(state: LoopState, check: StoppingChecked) -> list[EventData]:
    """The check, an advice if it is the first that says stop, and an end if the project wants that."""
    before = earlier(state, check.model, 1)
    if not check.stop or (before and before[-1].stop):
        return [check]
    advised = StoppingAdvised(
        model=check.model,
        attempt=check.attempt,
        labels=check.labels,
        criterion=check.criterion,
        value=check.value,
    )
    if not state.project.stop_when_advised:
        return [check, advised]
    end = ProjectEnded(
        request=f"stopping-{check.model}",
        who="evaluator",
        why=f"{check.criterion} advises to stop after model {check.model}",
    )
    return [check, advised, end]
