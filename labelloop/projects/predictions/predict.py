"""Label the rest of a project's pool, or the texts of files, with one of its models."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from labelloop.errors import UserError
from labelloop.learner import thresholds
from labelloop.learner.requests import SCORED_AT_A_TIME, ClassifierSpec, ScoreRequest
from labelloop.learner.worker import Worker
from labelloop.loop.label_lists import label_list
from labelloop.loop.labels import decided
from labelloop.loop.pools import pool_of
from labelloop.loop.settings_in_force import of_model
from labelloop.loop.state import LoopState
from labelloop.pool.parts import Wanted
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.chosen_model import choose_model
from labelloop.projects.predictions.calibration import Calibration, Seen, audited, calibrated
from labelloop.projects.predictions.rows import Predictions, SeveralLabels, found
from labelloop.projects.predictions.staging import Staged, stage
from labelloop.projects.unfinished import Unfinished
from labelloop.store import Store
from labelloop.store.artifacts import file_digest
from schemas.events import ProjectCreatedV4

SECONDS_BETWEEN_LOOKS = 0.2
Show = Callable[[str, int, int | None], None]
"""It is told what is done now, how many texts are done, and of how many if that is known."""


def unshown(what: str, done: int, total: int | None) -> None:
    """Show nobody."""


@dataclass(frozen=True)
class Asked:
    """The files whose texts are to be labelled, or without any the rest of the pool; and by which model.

    Without a model's name it is the newest in the store.
    """

    files: Sequence[Path] = ()
    wanted: Wanted = field(default_factory=Wanted)
    model: str | None = None

    def about(self, state: LoopState) -> dict[str, Any]:
        """What tells these texts from others."""
        if not self.files:
            return {"pool": pool_of(state).version}
        files = [[str(file), file_digest(file)] for file in self.files]
        return {"files": files, "read": [self.wanted_of(state).text_columns, asdict(self.wanted.reading)]}

    def wanted_of(self, state: LoopState) -> Wanted:
        """The columns that are read: if a text of the project has several, these, unless others are named.

        Raises UserError if they are not as many.
        """
        project, named = state.project, self.wanted.text_columns
        own = project.text_columns if isinstance(project, ProjectCreatedV4) else ()
        if named is not None and len(named) != max(1, len(own)):
            raise UserError(
                f"a text of the project has {max(1, len(own))} columns, and {len(named)} are named: give one "
                "--text-column for each, in the same order"
            )
        return self.wanted if named or len(own) < 2 else replace(self.wanted, text_columns=own)


@dataclass(frozen=True)
class Answer:
    """What a model says of the texts, what the audited texts say of it, and notes on what was read."""

    predictions: Predictions
    calibration: Calibration | None
    seen: Sequence[Seen]
    notes: Sequence[str]


async def predict(
    state: LoopState,
    store: Store,
    asked: Asked,
    unfinished: Unfinished,
    worker: Worker,
    threads: int,
    show: Show = unshown,
) -> Answer:
    """Score all texts, as far as they are not scored already. Raises UserError and TaskError."""
    about = {"project": state.project_id, **asked.about(state), "texts": SCORED_AT_A_TIME}
    begun = unfinished.about()
    is_same = {name: begun.get(name) for name in about} == json.loads(json.dumps(about))
    trained, folder = await asyncio.to_thread(
        choose_model, state, store, asked.model, begun.get("model") if is_same else None
    )
    unfinished.begin(json.loads(json.dumps({**about, "model": trained.model, "sha256": trained.sha256})))
    staged = await _staged(asked.files, asked.wanted_of(state), unfinished, show)
    pool = pool_of(state)
    files = unfinished.rows if staged else await asyncio.to_thread(store.pool, pool)
    texts = OpenSnapshot.open(files) if staged else await asyncio.to_thread(store.open_pool, pool)
    if not len(texts):
        raise UserError(f"there are no texts in {', '.join(map(str, asked.files))}: give a file with some")
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
    seen = audited(state, trained.model)
    calibration = calibrated(seen)
    left_out = [answer.item for _, answer in decided(state)] if staged is None else []
    predictions = Predictions(
        texts=texts,
        found=found(texts, request.file_of, calibration, left_out),
        labels=label_list(state).show(project.labels),
        model=trained,
        is_calibrated=calibration is not None,
        own=texts.kept_columns if staged is None else [*staged.names],
        is_pool=staged is None,
        several=SeveralLabels(thresholds.read(folder, project.labels), request.file_of)
        if project.is_multi_label
        else None,
    )
    return Answer(predictions, calibration, seen, staged.notes if staged else ())


async def _staged(files: Sequence[Path], wanted: Wanted, unfinished: Unfinished, show: Show) -> Staged | None:
    if not files:
        return None
    with suppress(OSError, ValueError):
        if unfinished.rows.is_file():
            return Staged(**json.loads(unfinished.columns.read_text(encoding="utf-8")))
    show("reading", 0, None)
    return await asyncio.to_thread(stage, files, wanted, unfinished)


async def _scored(
    worker: Worker, request: ScoreRequest, unfinished: Unfinished, size: int, show: Show
) -> None:
    """Run the learner unless all is scored, and show how far it is."""
    if unfinished.done() >= -(-size // SCORED_AT_A_TIME):
        return
    scoring = asyncio.ensure_future(worker.run(request))
    try:
        while not scoring.done():
            show("predicting", min(size, unfinished.done() * SCORED_AT_A_TIME), size)
            await asyncio.wait([scoring], timeout=SECONDS_BETWEEN_LOOKS)
    finally:
        scoring.cancel()
        await asyncio.wait([scoring])
    scoring.result()
