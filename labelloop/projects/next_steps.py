"""How far a project is from its end, and what its owner can do next. Pure."""

import shlex
from collections.abc import Iterator
from enum import IntEnum

from labelloop.errors import counted
from labelloop.loop.history import History
from labelloop.loop.labels import current
from labelloop.loop.pools import remaining
from labelloop.loop.schedule import finished, labelled, open_batches
from labelloop.loop.settings_in_force import batches_to_ask, for_next
from labelloop.loop.state import LoopState


class Ending(IntEnum):
    """`LABELLED`: people have nothing left to label. `FINISHED`: the last model has learned it, too."""

    OPEN = 0
    LABELLED = 1
    FINISHED = 2


def ending(history: History) -> Ending:
    """How far the project is. One that is halted, away or not created is open."""
    state = history.state
    if history.inactive_because or not isinstance(state, LoopState) or not labelled(state):
        return Ending.OPEN
    return Ending.FINISHED if finished(state) else Ending.LABELLED


def why_over(state: LoopState) -> str:
    """Why no further batch comes."""
    if state.ended:
        return "it was ended"
    if remaining(state) == 0:
        return "each text of its pool was asked"
    return f"the last of its batches is done, {batches_to_ask(for_next(state))} in all"


def next_steps(history: History) -> Iterator[str]:
    """What can be done with a project that is finished: commands, and what they do."""
    state = history.state
    if ending(history) != Ending.FINISHED or not isinstance(state, LoopState):
        return
    name = shlex.quote(state.project.name)
    yield f"`labelloop export --project {name}` writes its {counted(len(current(state)), 'label')}"
    if remaining(state):
        yield f"`labelloop predict --project {name}` has the model label its other texts"
    if state.ended:
        yield f"`labelloop fork {name} --as NAME` continues from them"
    elif remaining(state):
        more = 2 * (batches_to_ask(for_next(state)) or 0)
        yield f"`labelloop change {name} --batches {more}` continues"
    else:
        yield f"`labelloop add {name} FILE` continues with further texts"


def ending_lines(history: History) -> list[str]:
    """That the project is over and what to do next. Nothing if people still have something to label."""
    how_far, state = ending(history), history.state
    if how_far == Ending.OPEN or not isinstance(state, LoopState):
        return []
    name, why = state.project.name, why_over(state)
    if how_far == Ending.LABELLED:
        return [f"{name}: the last text is labelled ({why}), and the last model is being trained"]
    return [f"{name} is finished ({why}): {'; '.join(next_steps(history))}"]


def going_on_lines(history: History) -> list[str]:
    """With which open batches a project that was there before goes on, or that it is over, as `ending_lines`.

    Nothing if it is halted or away.
    """
    state = history.state
    if history.inactive_because or not isinstance(state, LoopState) or ending(history) != Ending.OPEN:
        return ending_lines(history)
    name = state.project.name
    *opened, last = [f"batch {batch.name}" for batch in open_batches(state)] or ["no batch"]
    how_it_goes_on = f"{', '.join(opened)} and {last} are open" if opened else f"{last} is open"
    if state.paused:
        how_it_goes_on += f", and it is paused: `labelloop resume --project {shlex.quote(name)}` continues it"
    return [f"goes on with project {name} ({history.project}): {how_it_goes_on}"]
