"""What besides the query strategy differs between a project's recorded loop and a simulated one. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labelloop.loop.names import number_of
from labelloop.loop.settings import at_batch, of_model
from labelloop.loop.state import LoopState
from schemas.events import ProjectCreated
from schemas.parts import BaseModelChoice, Choice


@dataclass(frozen=True)
class Difference:
    """A setting as it was recorded (several values if it was changed) and as it is simulated."""

    setting: str
    recorded: str
    simulated: str


def differences(state: LoopState, simulated: ProjectCreated) -> tuple[Difference, ...]:
    """The settings that differ, the strategy apart."""
    picked = [
        at_batch(state, number)
        for name in state.batches
        if (number := number_of(name)) is not None and number >= state.project.given
    ]
    learned = [of_model(state, name) for name in state.models]
    compared = [
        _compared("classifier", _classifier, learned, simulated),
        _compared("model", _model, learned, simulated),
        _compared("batch size", lambda project: str(project.batch_size), picked, simulated),
        _compared("audit share", lambda project: f"{project.audit_share:.0%}", picked, simulated),
        _compared("first texts", _first_texts, [state.project], simulated),
    ]
    return tuple(difference for difference in compared if difference is not None)


def told(found: Iterable[Difference]) -> dict[str, Mapping[str, str]]:
    """The differences by setting, as JSON values."""
    return {each.setting: {"recorded": each.recorded, "simulated": each.simulated} for each in found}


def _compared(
    setting: str,
    value: Callable[[ProjectCreated], str],
    recorded: Iterable[ProjectCreated],
    simulated: ProjectCreated,
) -> Difference | None:
    values, other = list(dict.fromkeys(map(value, recorded))), value(simulated)
    return Difference(setting, ", then ".join(values), other) if values and values != [other] else None


def _classifier(project: ProjectCreated) -> str:
    return _with_parameters(project.classifier)


def _model(project: ProjectCreated) -> str:
    model: BaseModelChoice = project.model
    return model.name if model.revision is None else f"{model.name} at {model.revision}"


def _first_texts(project: ProjectCreated) -> str:
    if project.given:
        return "given with their labels"
    return {"random": "drawn at random", "typical": "typical of clusters"}.get(
        project.cold_start, f"drawn {project.cold_start}"
    )


def _with_parameters(choice: Choice) -> str:
    parameters: Mapping[str, Any] = choice.parameters
    if not parameters:
        return choice.name
    return f"{choice.name} ({', '.join(f'{name}={value}' for name, value in sorted(parameters.items()))})"
