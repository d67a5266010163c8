"""Which model answers: the newest that can be loaded, taken over without a gap, as the project's log says."""

import asyncio
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labelloop.backoff import Backoff
from labelloop.errors import TaskError, Unavailable, UserError, one_line
from labelloop.learner import thresholds
from labelloop.learner.requests import ClassifierSpec, ServeRequest
from labelloop.learner.worker import Worker
from labelloop.loop.history import History
from labelloop.loop.label_lists import label_list
from labelloop.loop.settings_in_force import of_model
from labelloop.loop.state import LoopState
from labelloop.pool.prepare import key
from labelloop.projects.predictions.answers import DIGITS, counting, likeliest, shares
from labelloop.projects.predictions.calibration import Calibration, calibrated
from labelloop.projects.predictions.reliability import audited
from labelloop.serving.limits import Refusal
from labelloop.serving.metrics import ServeMetrics
from labelloop.serving.requests import Question
from labelloop.serving.scorer import Scorer, Scores
from labelloop.store import Store
from labelloop.store.task_failures import is_model_lost
from schemas.events import ModelTrained, ProjectCreatedV4

logger = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
SOON, LATER = 2, 30
"""Seconds after which a client may try again: while a model is being loaded, and while there is none."""


def columns_of(state: LoopState) -> Sequence[str]:
    """The columns of a text, if it has several."""
    project = state.project
    own = project.text_columns if isinstance(project, ProjectCreatedV4) else ()
    return own if len(own) > 1 else ()


def candidates(
    state: LoopState, pinned: str | None, served: ModelTrained | None, lost: Collection[str]
) -> Iterator[ModelTrained]:
    """The models to take over, the best one first: newer than what is served, and not `lost` (sha256).

    `pinned`: the only one, by name. A model that was trained again takes the place of its former attempt.
    """
    for name in [pinned] if pinned is not None else reversed(list(state.models)):
        trained = state.models[name].latest
        if trained.sha256 not in lost and (served is None or trained.sha256 != served.sha256):
            yield trained
        if served is not None and name == served.model:
            return


@dataclass(frozen=True)
class ShownAs:
    """How labels are called, and how probabilities are calibrated, at a point of the log."""

    labels: Sequence[str]
    calibration: Calibration | None

    @classmethod
    def of(cls, state: LoopState, model: str) -> "ShownAs":
        labels = label_list(state).show(of_model(state, model).labels)
        calibration = None if state.project.is_multi_label else calibrated(audited(state, model))
        return cls(labels, calibration)


@dataclass(frozen=True)
class Served:
    """A model that answers. `thresholds`: where a text may have several labels."""

    trained: ModelTrained
    scorer: Scorer
    shown_as: ShownAs
    since: datetime
    thresholds: Sequence[float] | None

    async def answer(self, question: Question) -> dict[str, Any]:
        """What the model says of each text. Raises Gone and NotScored."""
        rows = []
        if question.texts:
            scores = await self.scorer.score(question.texts)
            rows = list(self._rows(question, scores))
        body: dict[str, Any] = {"predictions": rows}
        if self.thresholds is None:
            body["calibrated"] = self.shown_as.calibration is not None
        return {**body, "model": self.trained.model, "model_sha256": self.trained.sha256}

    def _rows(self, question: Question, scores: Scores) -> Iterator[dict[str, Any]]:
        labels, calibration = self.shown_as.labels, self.shown_as.calibration
        classes, best = likeliest(scores, calibration)
        every = shares(scores, calibration) if self.thresholds is None else scores.round(DIGITS)
        for row, text in enumerate(question.texts):
            is_empty = not key(text)
            if self.thresholds is not None:
                prediction = counting(labels, self.thresholds, scores[row].tolist())
            else:
                prediction = {"label": labels[classes[row]], "probability": float(best[row])}
            if question.all_probabilities:
                prediction["all_probabilities"] = dict(zip(labels, every[row].tolist(), strict=True))
            yield dict.fromkeys(prediction) if is_empty else prediction

    def about(self) -> dict[str, Any]:
        """The model as `GET /model` tells it."""
        calibration = self.shown_as.calibration
        about: dict[str, Any] = {
            "model": self.trained.model,
            "model_sha256": self.trained.sha256,
            "attempt": self.trained.attempt,
            "labels": list(self.shown_as.labels),
            "labelled_texts": self.trained.labels,
            "since": self.since.isoformat(timespec="seconds"),
        }
        if self.thresholds is not None:
            return {**about, "thresholds": dict(zip(self.shown_as.labels, self.thresholds, strict=True))}
        temperature = None if calibration is None else calibration.temperature
        return {**about, "calibrated": calibration is not None, "temperature": temperature}


class Models:
    """Follows a project: keeps one model loaded, and takes over newer ones. `pinned`: the only one, by name.

    `settled` is set once the first model is loaded, or it is known that none can be.
    """

    def __init__(
        self,
        history: History,
        store: Store,
        worker: Worker,
        threads: int,
        folder: Path,
        metrics: ServeMetrics,
        pinned: str | None = None,
    ) -> None:
        self._history = history
        self._store = store
        self._worker = worker
        self._threads = threads
        self._folder = folder
        self._metrics = metrics
        self._pinned = pinned
        self._lost: set[str] = set()
        self._told: set[str] = set()
        self._reason = ""
        self._served: Served | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._backoff = Backoff(FIRST_WAIT, LONGEST_WAIT)
        self.changed = asyncio.Event()
        self.settled = asyncio.Event()

    def served(self) -> Served:
        """The model that answers now. Raises Refusal if there is none."""
        if self._served is not None and self._served.scorer.is_alive:
            return self._served
        if self._reason:
            raise Refusal(503, self._reason, LATER)
        raise Refusal(503, "the model is being loaded: try again soon", SOON)

    async def keep_up(self) -> None:
        """Take over what the log brings, until cancelled. `changed` says that there is something new."""
        try:
            while True:
                self.changed.clear()
                try:
                    is_done = await self._react()
                except Exception:
                    logger.exception("the newest model cannot be told: what answers goes on")
                    is_done = False
                self.settled.set()
                wait = None if is_done else self._backoff.next()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self.changed.wait()
        finally:
            await self._end()

    async def _react(self) -> bool:
        """Do what is due. False if something failed that may go better later."""
        state, served = self._history.state, self._served
        if not isinstance(state, LoopState):
            return True
        if served is not None and not served.scorer.is_alive:
            logger.warning("model %s is no longer there (%s)", served.trained.model, served.scorer.failure)
            await served.scorer.kill()
            self._served = served = None
            self._metrics.serves(None)
        if served is not None:
            shown_as = await asyncio.to_thread(ShownAs.of, state, served.trained.model)
            if shown_as != served.shown_as:
                self._served = replace(served, shown_as=shown_as)
        before, is_done = served.trained if served is not None else None, True
        for trained in candidates(state, self._pinned, before, self._lost):
            try:
                await self._take_over(state, trained)
            except (TaskError, Unavailable, UserError, OSError) as error:
                self._metrics.failed_to_load()
                is_lost = isinstance(error, UserError | TaskError) and _is_lost(error)
                self._tell_failure(trained, error, is_lost)
                if is_lost:
                    self._lost.add(trained.sha256)
                else:
                    is_done = False
            else:
                self._told.clear()
                break
        if is_done:
            self._backoff.reset()
        if self._served is None:
            self._reason = _without(state) if is_done else "no model can be loaded now: it is tried again"
        return is_done

    async def _take_over(self, state: LoopState, trained: ModelTrained) -> None:
        self._reason = ""
        project = of_model(state, trained.model)
        folder = await asyncio.to_thread(self._store.find_model, trained)
        if folder is None:
            raise TaskError("model-missing", "it is no longer in the store")
        least = thresholds.read(folder, project.labels) if project.is_multi_label else None

        def request(address: Path) -> ServeRequest:
            return ServeRequest(
                classifier=ClassifierSpec.of(project),
                labels=project.labels,
                model_folder=folder,
                model_sha256=trained.sha256,
                address=address,
                threads=self._threads,
            )

        shown_as = await asyncio.to_thread(ShownAs.of, state, trained.model)
        scorer = await Scorer.load(self._worker, request, self._folder, self._metrics.scored)
        before, self._served = self._served, Served(trained, scorer, shown_as, datetime.now(UTC), least)
        self._metrics.serves(trained)
        scorer.when_ended(self.changed.set)
        instead = f" instead of model {before.trained.model}" if before is not None else ""
        logger.info("model %s answers%s (%s)", trained.model, instead, trained.sha256)
        if before is not None:
            retiring = asyncio.create_task(before.scorer.retire())
            self._retiring.add(retiring)
            retiring.add_done_callback(self._retiring.discard)

    def _tell_failure(self, trained: ModelTrained, error: Exception, is_lost: bool) -> None:
        then = "" if is_lost else ", and is tried again"
        goes_on = f": model {self._served.trained.model} goes on" if self._served is not None else ""
        line = f"model {trained.model} cannot be loaded ({one_line(error)}){then}{goes_on}"
        if line not in self._told:
            self._told.add(line)
            logger.warning(line)

    async def _end(self) -> None:
        if self._served is not None:
            await self._served.scorer.kill()
        for task in list(self._retiring):
            task.cancel()
            await asyncio.wait([task])


def _is_lost(error: UserError | TaskError) -> bool:
    """Whether a model cannot be loaded as long as the log brings nothing new."""
    return isinstance(error, UserError) or is_model_lost(error.kind) or error.kind == "bad-input"


def _without(state: LoopState) -> str:
    if state.models:
        return "no model that is in the store can be loaded: start the services, and they train it again"
    return "there is no model yet: label the first batches, and the services train one"
