"""What is known of a project's newest model, and whether more labels help it. Pure."""

from dataclasses import asdict, dataclass
from typing import Any

from labelloop.loop.figures import evaluation, name_of_test_set
from labelloop.loop.settings_in_force import advice_in_force, checks_in_force
from labelloop.loop.state import LoopState, Trained


@dataclass(frozen=True)
class ModelSummary:
    """The latest training of a model, and its accuracy on the test set.

    `test_set`: on which one, where there were several. `micro_f1`, `macro_f1`: where a text may have several
    labels; `accuracy` is then the share of texts whose labels are all right.
    """

    model: str
    attempt: int
    labels: int
    accuracy: float | None
    folder: str
    lost: bool
    test_set: str | None = None
    micro_f1: float | None = None
    macro_f1: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON values; those of several labels only where a text may have several."""
        return {name: value for name, value in asdict(self).items() if not (value is None and "_f1" in name)}


@dataclass(frozen=True)
class StoppingSummary:
    """The criterion's latest value, and the number of labels at which it last began to say stop."""

    criterion: str
    model: str
    value: float | None
    stop: bool
    advised_at: int | None


def model_summary(state: LoopState, trained: Trained) -> ModelSummary:
    """What is known of a model."""
    evaluated = evaluation(state, trained.latest.model)
    of_several = evaluated if state.project.is_multi_label else None
    return ModelSummary(
        model=trained.latest.model,
        attempt=trained.latest.attempt,
        labels=trained.latest.labels,
        accuracy=evaluated.accuracy if evaluated else None,
        test_set=name_of_test_set(state, evaluated.test_version) if evaluated else None,
        folder=trained.latest.artifact,
        lost=not trained.available,
        micro_f1=of_several.micro_f1 if of_several else None,
        macro_f1=of_several.macro_f1 if of_several else None,
    )


def stopping_summary(state: LoopState) -> StoppingSummary | None:
    """What the stopping criterion in force said last. None: nothing yet."""
    checks, advice = checks_in_force(state), advice_in_force(state)
    if not checks:
        return None
    last, advised_at = checks[-1], advice.labels if advice else None
    return StoppingSummary(last.criterion, last.model, last.value, last.stop, advised_at)
