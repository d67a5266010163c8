"""labelloop's own arms: the first texts, trainings, picks and measurements are those of its learner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from benchmarks.loops import Outcome, Round, Task
from labelloop.learner.classifier_spec import MULTI_LABEL
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.requests import (
    ClassifierSpec,
    EvaluateRequest,
    FirstTextsRequest,
    QueryRequest,
    TrainRequest,
    TrainResult,
)
from labelloop.learner.strategies.registry import FOR_NEW
from labelloop.learner.worker import Worker
from labelloop.loop.random_draws import derived, random_draw
from labelloop.loop.schedule import first_texts_of
from labelloop.projects.options import ProjectOptions
from labelloop.projects.options_as_fields import default_strategy
from labelloop.store.artifacts import prune


@dataclass(frozen=True)
class Arm:
    """A way to work: how the first texts are chosen, who picks, and what the classifier is told."""

    cold_start: str
    strategy: str
    has_recipe: bool = True
    changes: Mapping[str, Any] = field(default_factory=dict)
    strategy_parameters: Mapping[str, Any] = field(default_factory=dict)

    def spec(self, classifier: str, model: str, multi_label: bool = False) -> ClassifierSpec:
        """The classifier that it trains."""
        recipe = CLASSIFIERS.get(classifier).recipe if self.has_recipe else {}
        changes = {name: value for name, value in self.changes.items() if name in recipe}
        return ClassifierSpec(classifier, {**recipe, **changes}, model, None, multi_label)


DEFAULT = default_strategy(ProjectOptions().strategy, {}, ProjectOptions().classifier)
"""The strategy of a new project, with its parameters."""
ALONE = {"self_training": 0.0}
ARMS: Mapping[str, Arm] = {
    "default": Arm("typical", DEFAULT.name, strategy_parameters=dict(DEFAULT.parameters)),
    "random": Arm("random", "random-sampling"),
    "without self-training": Arm("typical", "breaking-ties", changes=ALONE),
    "random, without self-training": Arm("random", "random-sampling", changes=ALONE),
    "smallest margins": Arm("typical", "distinct-ties", strategy_parameters=dict(DEFAULT.parameters)),
    "smallest margins, whole pool": Arm("typical", "distinct-ties"),
    "random start": Arm("random", DEFAULT.name),
    "0.1.0": Arm("random", "breaking-ties", has_recipe=False),
}
MANY_LABELS: Mapping[str, Arm] = {
    "default": Arm("typical", FOR_NEW[MULTI_LABEL]),
    "random": ARMS["random"],
    "CVIRS": Arm("typical", "category-vector-inconsistency-and-ranking"),
    "label cardinality": Arm("typical", "label-cardinality-inconsistency"),
    "adaptive": Arm("typical", "adaptive-active-learning"),
}
"""Of a multi-label task, whose pool is small: the default, and small-text's three strategies for it."""


class OwnLearner:
    """labelloop's learner in one run, each task of it in a child of the worker."""

    def __init__(self, task: Task, worker: Worker, name: str, seed: int, lookahead: int) -> None:
        self._task, self._worker, self._seed = task, worker, seed
        self._arm = (MANY_LABELS if task.multi_label else ARMS)[name]
        self._spec = self._arm.spec(task.classifier, task.model, task.multi_label)
        first = first_texts_of(self._arm.cold_start, len(task.labels), len(task.gold))
        self.start = max(lookahead + 1, ceil(first / task.batch_size))
        self._models = task.folder / f"models-{name.replace(' ', '-')}-{seed}-{lookahead}"

    async def first(self) -> tuple[int, ...]:
        n = self.start * self._task.batch_size
        if self._arm.cold_start == "random":
            return tuple(random_draw(self._seed, len(self._task.gold), (), n))
        request = FirstTextsRequest(
            pool=self._task.pool,
            classifier=self._spec,
            taken=(),
            n=n,
            clusters=n,
            seed=self._seed,
            threads=self._task.threads,
            cache=self._task.cache,
        )
        return (await self._worker.run(request)).items

    async def take(self, round: Round) -> Outcome:
        trained = await self._train(round)
        figures = await self._worker.run(
            EvaluateRequest(
                self._task.test,
                self._spec,
                self._task.labels,
                trained.folder,
                trained.sha256,
                self._task.threads,
                self._task.cache,
            )
        )
        picks, seconds = await self._pick(round, trained)
        prune(self._models, needed=[trained.folder], superseded=list(self._models.glob("*/*")))
        return Outcome(figures.accuracy, figures.macro_f1, trained.seconds, seconds, picks, figures.micro_f1)

    def close(self) -> None:
        pass

    async def _train(self, round: Round) -> TrainResult:
        return await self._worker.run(
            TrainRequest(
                pool=self._task.pool,
                classifier=self._spec,
                labels=self._task.labels,
                examples=self._task.examples(round.learned),
                ignored=(),
                seed=derived(self._seed, "train", str(round.model)),
                threads=self._task.threads,
                into=self._models / str(round.model),
                cache=self._task.cache,
                order_seed=self._seed,
            )
        )

    async def _pick(self, round: Round, trained: TrainResult) -> tuple[tuple[int, ...], float]:
        if round.batch is None:
            return (), 0.0
        result = await self._worker.run(
            QueryRequest(
                pool=self._task.pool,
                classifier=self._spec,
                labels=self._task.labels,
                model_folder=trained.folder,
                model_sha256=trained.sha256,
                strategy=self._arm.strategy,
                strategy_parameters=self._arm.strategy_parameters,
                number=round.batch,
                order_seed=self._seed,
                taken=round.taken,
                labelled=self._task.examples(round.learned),
                ignored=(),
                n=self._task.batch_size,
                seed=derived(self._seed, "query", str(round.batch)),
                threads=self._task.threads,
                cache=self._task.cache,
            )
        )
        return tuple(pick.item for pick in result.picks), result.seconds
