"""Use a project from a notebook: load its learner, create a project from a learner, or get its data set."""

import asyncio
import json
import tempfile
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from labelloop.config.deployment import ArgillaAccess, GivenArgilla
from labelloop.config.home import DEFAULT
from labelloop.config.locations import Elsewhere, Locations, Where
from labelloop.config.service_settings import default_threads
from labelloop.errors import TaskError, UserError
from labelloop.learner.requests import QueryRequest
from labelloop.log import open_log
from labelloop.loop.history import History
from labelloop.loop.label_lists import places
from labelloop.loop.labels import latest_revisions
from labelloop.loop.pools import pool_of
from labelloop.loop.state import LoopState, Trained
from labelloop.pool.label_cells import Gold, label_text
from labelloop.pool.prepare import key
from labelloop.projects.catalog import choose, created, read_histories, sound
from labelloop.projects.create import ensure_project
from labelloop.projects.learner_requests import query_request
from labelloop.projects.log_creation import LogForProjects
from labelloop.projects.options import ProjectOptions
from labelloop.projects.replay import ReplayEnd, replay_until
from labelloop.store import Store, open_store
from labelloop.store.artifacts import ModelDamaged, ModelMissing
from schemas.events import ModelTrained
from schemas.parts import MULTI_LABEL, SINGLE_LABEL

if TYPE_CHECKING:
    from argilla import Dataset
    from small_text import PoolBasedActiveLearner  # type: ignore[import-untyped]

Result = TypeVar("Result")


def rebuild(
    project: str | None = None,
    at: int | str | datetime | None = None,
    *,
    home: str | Path | None = None,
    log: str | None = None,
    store: str | None = None,
) -> "PoolBasedActiveLearner":
    """A project's small-text learner, with every recorded label and the newest model. Nothing is trained.

    `at`: a batch (when it was first done), a time, or an event's id; by default now. `log` and `store` are
    those of the home, `.labelloop`, unless they are given. Indices are those of the pool, and class n is the
    n-th label of the project. Using the learner changes nothing in the log. Raises UserError, also if the
    model of that point is no longer kept.
    """
    locations = _where(home, log, store).find()
    request = _run(_request(locations, project, _until(at)))
    from labelloop.learner.querying import learner

    try:
        return learner(request)
    except (ModelMissing, ModelDamaged) as error:
        raise UserError(f"the model cannot be loaded ({error}): let the loop train it again") from error


def adopt(
    learner: "PoolBasedActiveLearner",
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    name: str,
    home: str | Path | None = None,
    log: str | None = None,
    store: str | None = None,
    **options: Any,
) -> str:
    """Create a project from a small-text learner. It starts with the learner's labels. Returns its id.

    `texts` are the texts of the learner's data set, in its order; `labels` are the names of its classes.
    Texts that the learner ignores are left out. The learner's model stays in the notebook: the project
    trains its own. The project uses the learner's query strategy if that is known and needs no parameters,
    unless `options` name another. `options` are those of `labelloop init`, with the same defaults:
    batch_size=20, classifier="transformer". Raises UserError.
    """
    locations = _where(home, log, store).make()
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        path = Path(folder) / "labelled.jsonl"
        path.write_text("".join(_lines(learner, texts, labels)), encoding="utf-8")
        fixed = {"labelled": str(path), "labels": tuple(labels), "name": name}
        if learner.multi_label:
            fixed["task"] = MULTI_LABEL
        project_options = _options(learner, options, **fixed)
        return _run(_make_project(locations, project_options))


def dataset(
    project: str | None = None,
    *,
    home: str | Path | None = None,
    log: str | None = None,
    argilla_url: str | None = None,
    argilla_key: str | None = None,
) -> "Dataset":
    """A project's data set in Argilla, as Argilla's own package gives it. Needs the extra `argilla`.

    It is the one in which people answer now. Argilla is the one that the home uses, unless `argilla_url` and
    an owner's key are given. Raises UserError, also if Argilla does not run.
    """
    try:
        from argilla import Argilla
    except ModuleNotFoundError as error:
        raise UserError(
            f"the package {error.name} is missing: install it with `pip install 'labelloop[argilla]'`"
        ) from error
    locations = _where(home, log, None).find()
    access, number = _run(_data_set(locations, project, GivenArgilla(argilla_url, argilla_key)))
    client = Argilla(access.url, access.key, headers=dict(access.headers))
    if (data_set := client.datasets(id=number)) is None:
        raise UserError(f"the data set was deleted meanwhile from the Argilla at {access.page}")
    return data_set.get()


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run in a thread, because a notebook already has a running event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _where(home: str | Path | None, log: str | None, store: str | None) -> Where:
    return Where(Path(home or DEFAULT), home is not None, Elsewhere(log, store))


def _until(at: object) -> ReplayEnd:
    match at:
        case None:
            return ReplayEnd()
        case int():
            return ReplayEnd(batch=str(at))
        case datetime():
            return ReplayEnd(time=at if at.tzinfo else at.astimezone())
        case str():
            return ReplayEnd(event=at)
    raise UserError(f"at={at!r} is not a point of a log: give a batch's number, a time, or an event's id")


async def _request(locations: Locations, project: str | None, until: ReplayEnd) -> QueryRequest:
    log = open_log(locations.log)
    try:
        chosen = choose(await read_histories(log), project)
        history = History(chosen.project, await log.identity())
        await replay_until(log, history, until)
    finally:
        await log.close()
    return _question(open_store(locations.store), sound(history), created(chosen))


async def _data_set(
    locations: Locations, project: str | None, given: GivenArgilla
) -> tuple[ArgillaAccess, str]:
    """Where the project's Argilla is, and its data set's id there."""
    from labelloop.oracle.argilla.values import data_set_name
    from labelloop.supervisor.argilla import reached

    log = open_log(locations.log)
    try:
        state = sound(choose(await read_histories(log), project))
    finally:
        await log.close()
    async with reached(locations.home, given) as (argilla, access):
        name = data_set_name(state.project_id, len(places(state)) - 1)
        if (data_set := await argilla.find_project(state.project_id, name)) is None:
            raise UserError(
                f"{state.project_id} has no data set in the Argilla at {access.page} yet: "
                "it is made with the first batch, once `labelloop up` runs"
            )
        return access, data_set.id


def _question(store: Store, state: LoopState, now: LoopState) -> QueryRequest:
    if state.latest_model is None:
        raise UserError(f"{state.project_id} had no model yet: give a later point with at=")
    trained, folder = _kept_model(store, now.models[state.latest_model])
    done_batches = [batch.name for batch in state.batches.values() if batch.done]
    return query_request(
        state,
        trained.model,
        folder,
        trained.sha256,
        latest_revisions(state, done_batches),
        pool=store.pool(pool_of(state)),
        threads=default_threads(),
        cache=store.cache(state.project_id),
        seed=state.project.seed,
    )


def _kept_model(store: Store, model: Trained) -> tuple[ModelTrained, Path]:
    """A training attempt whose model is in the store. All attempts learned the same labels."""
    for attempt in reversed(model.attempts):
        try:
            if (folder := store.find_model(attempt)) is not None:
                return attempt, folder
        except TaskError as error:
            raise UserError(f"model {attempt.model} cannot be used: {error.message}") from error
    raise UserError(
        f"model {model.first.model} is no longer kept: give another point with at=, or keep more models "
        "with LABELLOOP_KEEP_MODELS"
    )


def _lines(learner: "PoolBasedActiveLearner", texts: Sequence[str], labels: Sequence[str]) -> list[str]:
    if len(texts) != len(learner.dataset):
        raise UserError(
            f"there are {len(texts)} texts, but the learner's data set has {len(learner.dataset)}: give those"
        )
    classes = dict(zip(map(int, learner.indices_labeled), _classes(learner), strict=True))
    highest = max((number for numbers in classes.values() for number in numbers), default=0)
    if highest >= len(labels):
        raise UserError(f"the learner has the class {highest}: name {highest + 1} labels")
    several = {row: tuple(sorted(labels[number] for number in each)) for row, each in classes.items()}
    golds: Mapping[int, Gold] = several
    if not learner.multi_label:
        golds = {row: name for row, (name,) in several.items()}
    _check_equal_texts(texts, golds)
    ignored = set(map(int, learner.indices_ignored))
    return [
        json.dumps({"text": text, "label": golds.get(row)}) + "\n"
        for row, text in enumerate(texts)
        if row not in ignored
    ]


def _classes(learner: "PoolBasedActiveLearner") -> list[tuple[int, ...]]:
    """The classes of each labelled text."""
    if not learner.multi_label:
        return [(int(number),) for number in learner.y]
    return [tuple(map(int, learner.y[row].indices)) for row in range(learner.y.shape[0])]


def _check_equal_texts(texts: Sequence[str], golds: Mapping[int, Gold]) -> None:
    first: dict[str, int] = {}
    for row, gold in golds.items():
        before = first.setdefault(key(texts[row]), row)
        if golds[before] != gold:
            raise UserError(
                f"texts {before} and {row} are the same and have the labels {label_text(golds[before])} and "
                f"{label_text(gold)}: choose one of them"
            )


def _options(learner: "PoolBasedActiveLearner", values: Mapping[str, Any], **fixed: Any) -> ProjectOptions:
    from labelloop.learner.strategies.registry import check_strategy

    option_names = ProjectOptions.taken_by("adopt")
    if unknown := sorted(set(values) - set(option_names)):
        raise UserError(f"there is no option {unknown[0]}: choose from {', '.join(sorted(option_names))}")
    with suppress(UserError):
        own = type(learner.query_strategy).__name__
        classifier = values.get("classifier", ProjectOptions().classifier)
        task = MULTI_LABEL if learner.multi_label else SINGLE_LABEL
        values = {"strategy": check_strategy(own, {}, classifier, task).name, **values}
    return ProjectOptions.of({**values, **fixed})


async def _make_project(locations: Locations, options: ProjectOptions) -> str:
    async with aclosing(LogForProjects(locations)) as log:
        existing_log = await log.find()
        histories = {} if existing_log is None else await read_histories(existing_log)
        ensured = await ensure_project(open_store(locations.store), log.make, histories, options)
    return ensured.project
