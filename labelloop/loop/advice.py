"""What the stopping criterion says by now. Another criterion begins anew. Pure."""

from itertools import takewhile

from labelloop.loop.settings_in_force import for_next
from labelloop.loop.state import LoopState
from schemas.events import StoppingAdvised, StoppingChecked
from schemas.parts import Choice


def checks_in_force(state: LoopState) -> list[StoppingChecked]:
    """The checks since the criterion in force, with its parameters, came into force, oldest first."""
    criterion = for_next(state).stopping
    if criterion is None:
        return []
    checks = [state.checks[name] for name in state.models if name in state.checks]
    return list(takewhile(lambda check: _is_by(state, check, criterion), reversed(checks)))[::-1]


def advice_in_force(state: LoopState) -> StoppingAdvised | None:
    """The last advice of the criterion in force."""
    checked = {check.model for check in checks_in_force(state)}
    return state.advised if state.advised is not None and state.advised.model in checked else None


def _is_by(state: LoopState, check: StoppingChecked, criterion: Choice) -> bool:
    if check.parameters is None:
        return criterion == state.project.stopping
    return _plain(check.criterion) == _plain(criterion.name) and check.parameters == criterion.parameters


def _plain(name: str) -> str:
    """A project may name `KappaAverage` what a check calls `kappa-average`."""
    return name.replace("-", "").replace("_", "").lower()
