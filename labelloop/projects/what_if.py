"""Compare a simulated project with the one that people labelled: curves, and the settings that differ."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from labelloop.loop.figures import Point
from labelloop.loop.names import number_of
from labelloop.loop.settings_in_force import at_batch, of_model
from labelloop.loop.state import LoopState
from schemas.events import (
    ProjectCreated,
)
from schemas.parts import BaseModelChoice, Choice


@dataclass(frozen=True)
class Difference:
    """A setting as it was recorded (several values if it was changed) and as it is simulated."""

    setting: str
    recorded: str
    simulated: str


@dataclass(frozen=True)
class Comparison:
    """A project with its recorded curve, and the simulated project with one curve per seed.

    `picked_by`: the strategies that picked the recorded batches. `labels`: the number of labels of both.
    `differences`: what else differs between them.
    """

    picked_by: str
    real: ProjectCreated
    other: ProjectCreated
    labels: int
    recorded: Sequence[Point]
    runs: Sequence[Sequence[Point]]
    differences: Sequence[Difference] = ()

    def spreads(self) -> dict[int, tuple[float, float, float]]:
        """Lowest, mean and highest accuracy of the runs by the number of labels."""
        accuracies: dict[int, list[float]] = {}
        for run in self.runs:
            for point in run:
                accuracies.setdefault(point.labels, []).append(point.accuracy)
        return {labels: (min(each), fmean(each), max(each)) for labels, each in sorted(accuracies.items())}

    @property
    def ends_alike(self) -> bool:
        """Whether all curves end with the same labels."""
        return all(curve and curve[-1].labels == self.labels for curve in (self.recorded, *self.runs))

    def mean(self) -> list[tuple[int, float]]:
        return [(labels, mean) for labels, (_, mean, _) in self.spreads().items()]

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {
            "project": self.real.name,
            "labels": self.labels,
            "recorded": {"strategy": self.picked_by, "curve": [asdict(p) for p in self.recorded]},
            "played": {
                "strategy": self.other.strategy.name,
                "classifier": self.other.classifier.name,
                "curves": [[asdict(point) for point in run] for run in self.runs],
            },
            "differences": by_setting(self.differences),
        }


def kept(before: str | None, comparison: Comparison) -> str:
    """What the store keeps of simulations, as JSON: of each strategy the last one. `before`: what it has."""
    try:
        known = json.loads(before or "{}")
    except ValueError:
        known = {}
    played = {
        "classifier": comparison.other.classifier.name,
        "runs": len(comparison.runs),
        "points": [
            {"labels": labels, "accuracy": mean, "low": low, "high": high}
            for labels, (low, mean, high) in comparison.spreads().items()
        ],
    }
    return json.dumps({**(known if isinstance(known, dict) else {}), comparison.other.strategy.name: played})


def pickers(state: LoopState) -> str:
    """The query strategies that picked the batches, as text."""
    strategies = [
        batch.queried.strategy for batch in state.batches.values() if batch.queried.model is not None
    ]
    return ", ".join(dict.fromkeys(filter(None, strategies))) or "chance"


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


def by_setting(those_found: Iterable[Difference]) -> dict[str, Mapping[str, str]]:
    """The differences by setting, as JSON values."""
    return {each.setting: {"recorded": each.recorded, "simulated": each.simulated} for each in those_found}


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
