"""What a card says of a model, from the log alone: no text, no person's name, no address. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from labelloop.learner.base_model import BUNDLED_NAMES
from labelloop.learner.classifier_spec import ClassifierSpec
from labelloop.loop import agreement
from labelloop.loop.figures import Audited, Point, audits, curves, evaluation, name_of_test_set
from labelloop.loop.label_lists import label_list, of_trained
from labelloop.loop.labels import learned_labels
from labelloop.loop.log_digest import LogDigest
from labelloop.loop.pools import pool_of
from labelloop.loop.settings_in_force import of_model
from labelloop.loop.state import LoopState
from schemas.events import ModelTrained
from schemas.fields import UNSAID
from schemas.parts import ClassFigures

HUB_NAME_OF_BUNDLED = BUNDLED_NAMES[1]


@dataclass(frozen=True)
class OneLabel:
    """A label as the model's folder calls it: how many learned texts have it, and how it is on the test set.

    `now`: how it is called by now, if otherwise, or None if it is retired.
    """

    name: str
    texts: int
    figures: ClassFigures | None
    now: str | None


@dataclass(frozen=True)
class Tested:
    """A model on the test set. `micro_f1` is known only where a text may have several labels."""

    accuracy: float
    macro_f1: float
    micro_f1: float | None
    size: int
    digest: str


@dataclass(frozen=True)
class Agreement:
    """How many people labelled, of how many texts two or more of them did, and Krippendorff's alpha there."""

    people: int
    shared: int
    alpha: float | None


@dataclass(frozen=True)
class Facts:
    """What a card says of a model. `without_label`: how many learned texts have none of several labels.

    `audit`: of the model or, where it has none, of the newest model before it that has one. `points`: the
    learning curve up to the model, by the name of the test set where there were several. `log`: what the
    facts are from; `trained_from`: what the trainer had read. `is_readable`: transformers reads its folder.
    """

    project: str
    model: str
    sha256: str
    classifier: ClassifierSpec
    base_model: str | None
    strategy: str
    seed: int
    project_seed: int
    trained: ModelTrained
    labels: tuple[OneLabel, ...]
    texts: int
    without_label: int
    pool: int
    tested: Tested | None
    audit: Audited | None
    points: Mapping[str | None, Sequence[Point]]
    audits: Sequence[Audited]
    agreement: Agreement
    log: LogDigest
    trained_from: LogDigest | None
    is_readable: bool = True

    @property
    def several(self) -> bool:
        """Whether a text may have several labels, or none of them."""
        return self.classifier.multi_label

    def as_dict(self) -> dict[str, Any]:
        """The main figures as JSON values."""
        tested, audit = self.tested, self.audit
        return {
            "model": self.model,
            "sha256": self.sha256,
            "labels": {label.name: label.texts for label in self.labels},
            "texts": self.texts,
            "test": None
            if tested is None
            else {name: value for name, value in asdict(tested).items() if value is not None},
            "audit": None if audit is None else audit.as_dict(),
            "log": self.log._asdict(),
        }


def facts_of(state: LoopState, trained: ModelTrained) -> Facts:
    """What is known of a model in the log."""
    model = trained.model
    project, learned = of_model(state, model), learned_labels(state, state.models[model])
    names = list(state.models)
    up_to = frozenset(names[: names.index(model) + 1])
    audited = [audit for audit in audits(state) if audit.model in up_to]
    by_test = {
        name_of_test_set(state, test): [point for point in points if point.model in up_to]
        for test, points in curves(state).items()
    }
    prefix = trained.log
    return Facts(
        project=state.project.name,
        model=model,
        sha256=trained.sha256,
        classifier=ClassifierSpec.of(project),
        base_model=_base_model(project.model.name),
        strategy=project.strategy.name,
        seed=trained.seed,
        project_seed=project.seed,
        trained=trained,
        labels=tuple(_labels(state, model, learned)),
        texts=len(learned),
        without_label=sum(not names for names in learned.values()),
        pool=pool_of(state).size,
        tested=_tested(state, model),
        audit=audited[-1] if audited else None,
        points={name: points for name, points in by_test.items() if points},
        audits=audited,
        agreement=_agreement(state),
        log=state.log,
        trained_from=LogDigest(prefix.events, prefix.digest) if prefix else None,
    )


def _labels(state: LoopState, model: str, learned: Mapping[int, tuple[str, ...]]) -> list[OneLabel]:
    listed, now = of_trained(state, state.models[model]), label_list(state)
    counts = Counter(name for names in learned.values() for name in names)
    evaluated = evaluation(state, model)
    figures = evaluated.per_class if evaluated else {}
    return [
        OneLabel(listed.called[name], counts[name], figures.get(name), now.choices.get(name))
        for name in listed.names
    ]


def _tested(state: LoopState, model: str) -> Tested | None:
    evaluated = evaluation(state, model)
    if evaluated is None:
        return None
    micro = None if evaluated.micro_f1 is UNSAID else evaluated.micro_f1
    return Tested(evaluated.accuracy, evaluated.macro_f1, micro, evaluated.size, evaluated.test_version)


def _agreement(state: LoopState) -> Agreement:
    by_text = list(agreement.answers(state).values())
    return Agreement(
        people=len({who for submitted in by_text for who in submitted}),
        shared=sum(len(submitted) > 1 for submitted in by_text),
        alpha=agreement.alpha(by_text),
    )


def _base_model(name: str) -> str | None:
    """Its id on the Hub; None for a folder, of which nobody else knows."""
    if name in BUNDLED_NAMES:
        return HUB_NAME_OF_BUNDLED
    return None if name.startswith(("/", ".", "~")) or name.count("/") > 1 or "\\" in name else name
