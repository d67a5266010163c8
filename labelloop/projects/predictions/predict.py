"""Label the rest of a project's pool, or the texts of files, with one of its models."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from labelloop.errors import UserError, counted
from labelloop.learner import thresholds
from labelloop.learner.requests import SCORED_AT_A_TIME, ClassifierSpec, ScoreRequest
from labelloop.learner.worker import Worker
from labelloop.loop.label_lists import label_list
from labelloop.loop.labels import decided
from labelloop.loop.pools import pool_of
from labelloop.loop.settings_in_force import of_model
from labelloop.loop.state import LoopState
from labelloop.pool.label_cells import quoted
from labelloop.pool.parts import FileColumns
from labelloop.pool.prepare import key
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.chosen_model import choose_model
from labelloop.projects.interrupted_work import Unfinished
from labelloop.projects.predictions.calibration import Calibration, calibrated
from labelloop.projects.predictions.reliability import AuditedText, audited
from labelloop.projects.predictions.rows import Predictions, SeveralLabels, best_labels
from labelloop.projects.predictions.staging import Staged, stage
from labelloop.store import Store
from labelloop.store.artifacts import file_digest
from schemas.events import ProjectCreatedV4

SECONDS_BETWEEN_LOOKS = 0.2
Show = Callable[[str, int, int | None], None]
"""It is told what is done now, how many texts are done, and of how many if that is known."""


def unshown(what: str, done: int, total: int | None) -> None:
    """Show nobody."""


@dataclass(frozen=True)
class PredictionRequest:
    """The files whose texts are to be labelled, or without any the rest of the pool; and by which model.

    Without a model's name it is the newest in the store.
    """

    files: Sequence[Path] = ()
    file_columns: FileColumns = field(default_factory=FileColumns)
    model: str | None = None

    def about(self, state: LoopState) -> dict[str, Any]:
        """What tells these texts from others."""
        if not self.files:
            return {"pool": pool_of(state).version}
        files = [[str(file), file_digest(file)] for file in self.files]
        read = self.columns_in(state)
        return {
            "files": files,
            "read": [read.text_columns or read.usual, asdict(self.file_columns.reading)],
        }

    def columns_in(self, state: LoopState) -> FileColumns:
        """The columns that are read: unless others are named, those of the project.

        Where a text has one column, a file that lacks it may have another. Raises UserError if they are not
        as many.
        """
        project, named = state.project, self.file_columns.text_columns
        several = project.text_columns if isinstance(project, ProjectCreatedV4) else ()
        own = several or (project.pool.text_column,)
        if named is not None and len(named) != len(own):
            has = f"{counted(len(own), 'column')} ({quoted(own)})"
            raise UserError(
                f"a text of the project has {has}, and {len(named)} are named: give one --text-column for "
                "each, in the same order"
            )
        if len(own) > 1:
            return replace(self.file_columns, text_columns=named or own)
        return replace(self.file_columns, usual=own)


@dataclass(frozen=True)
class PredictResult:
    """What a model says of the texts, what the audited texts say of it, and notes on what was read."""

    predictions: Predictions
    calibration: Calibration | None
    audited_texts: Sequence[AuditedText]
    notes: Sequence[str]


async def predict(
    state: LoopState,
    store: Store,
    prediction_request: PredictionRequest,
    unfinished: Unfinished,
    worker: Worker,
    threads: int,
    show: Show = unshown,
) -> PredictResult:
    """Score all texts, as far as they are not scored already. Raises UserError and TaskError."""
    about = {"project": state.project_id, **prediction_request.about(state), "texts": SCORED_AT_A_TIME}
    begun = unfinished.about()
    is_same = {name: begun.get(name) for name in about} == json.loads(json.dumps(about))
    trained, folder = await asyncio.to_thread(
        choose_model, state, store, prediction_request.model, begun.get("model") if is_same else None
    )
    unfinished.begin(json.loads(json.dumps({**about, "model": trained.model, "sha256": trained.sha256})))
    staged = await _staged(prediction_request.files, prediction_request.columns_in(state), unfinished, show)
    pool = pool_of(state)
    files = unfinished.rows if staged else await asyncio.to_thread(store.pool, pool)
    texts = OpenSnapshot.open(files) if staged else await asyncio.to_thread(store.open_pool, pool)
    if staged and not await asyncio.to_thread(_has_texts, texts):
        unfinished.begin({})  # Nothing of it is worth keeping.
        named = ", ".join(map(str, prediction_request.files))
        raise UserError(f"there are no texts in {named}: give a file with some texts")
    project = of_model(state, trained.model)
    request = ScoreRequest(
        texts=files,
        classifier=ClassifierSpec.of(project),
        labels=project.labels,
        model_folder=folder,
        model_sha256=trained.sha256,
        into=unfinished.scores,
        threads=threads,
    )
    await _scored(worker, request, unfinished, len(texts), show)
    audited_texts = audited(state, trained.model)
    calibration = calibrated(audited_texts)
    left_out = [answer.item for _, answer in decided(state)] if staged is None else []
    predictions = Predictions(
        texts=texts,
        best_labels=best_labels(texts, request.file_of, calibration, left_out),
        labels=label_list(state).show(project.labels),
        model=trained,
        is_calibrated=calibration is not None,
        own=texts.kept_columns if staged is None else [*staged.names],
        is_pool=staged is None,
        several=SeveralLabels(thresholds.read(folder, project.labels), request.file_of)
        if project.is_multi_label
        else None,
    )
    return PredictResult(predictions, calibration, audited_texts, staged.notes if staged else ())


async def _staged(
    files: Sequence[Path], file_columns: FileColumns, unfinished: Unfinished, show: Show
) -> Staged | None:
    if not files:
        return None
    with suppress(OSError, ValueError):
        if unfinished.rows.is_file():
            return Staged(**json.loads(unfinished.columns.read_text(encoding="utf-8")))
    show(f"reading {', '.join(map(str, files))}", 0, None)
    return await asyncio.to_thread(stage, files, file_columns, unfinished)


def _has_texts(texts: OpenSnapshot) -> bool:
    """Whether any text is not empty."""
    parts = (texts.part(start, start + SCORED_AT_A_TIME) for start in range(0, len(texts), SCORED_AT_A_TIME))
    return any(key(text) for part in parts for text in part.all_texts())


async def _scored(
    worker: Worker, request: ScoreRequest, unfinished: Unfinished, size: int, show: Show
) -> None:
    """Run the learner unless all is scored, and show how far it is."""
    if unfinished.scored_chunks() >= -(-size // SCORED_AT_A_TIME):
        return
    scoring = asyncio.ensure_future(worker.run(request))
    try:
        while not scoring.done():
            show("predicting", min(size, unfinished.scored_chunks() * SCORED_AT_A_TIME), size)
            await asyncio.wait([scoring], timeout=SECONDS_BETWEEN_LOOKS)
    finally:
        scoring.cancel()
        await asyncio.wait([scoring])
    scoring.result()
