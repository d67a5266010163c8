"""Put a model with its card into a folder or on the Hub: as a whole, or not at all."""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from labelloop import atomic
from labelloop.errors import TaskError, UserError
from labelloop.learner.results import CONFIG, ONNX_INT8, ONNX_PACKAGES, OnnxResult
from labelloop.learner.worker import Worker
from labelloop.loop.pools import pool_of
from labelloop.loop.settings_in_force import for_next, of_model
from labelloop.loop.state import LoopState
from labelloop.projects.chosen_model import choose_model, others
from labelloop.projects.interrupted_work import Unfinished, beside
from labelloop.projects.learner_requests import onnx_request
from labelloop.projects.push import card, hub
from labelloop.projects.push.facts import Facts, facts_of
from labelloop.store import Store, artifacts
from labelloop.store.task_failures import is_model_lost
from schemas.events import ModelTrained

MODEL, PARTS, BEFORE = "model", "onnx", "before"
Draw = Callable[[Facts, Path], None]
"""It draws the learning curve into a file."""


@dataclass(frozen=True)
class PushOptions:
    """Which model, and what of it. `int8` needs `onnx`."""

    model: str | None = None
    onnx: bool = False
    int8: bool = False
    license: str | None = None


@dataclass(frozen=True)
class BuiltModel:
    """A folder that is whole, and what is known of it."""

    folder: Path
    facts: Facts
    onnx: OnnxResult | None


@contextmanager
def at_work(path: Path | None) -> Iterator[Unfinished]:
    """The folder beside an output in which it is made, which is gone at the end.

    What a killed process moved out of the way comes back. Raises UserError as `beside` does.
    """
    with beside(path, "push") as unfinished:
        if path is not None:
            _put_back(path, unfinished)
        try:
            yield unfinished
        finally:
            if path is not None:
                _put_back(path, unfinished)
                unfinished.remove()


def _put_back(path: Path, unfinished: Unfinished) -> None:
    before = unfinished.folder / BEFORE
    if before.is_dir() and not path.exists():
        before.rename(path)


def check_packages(options: PushOptions) -> None:
    """Raises UserError if ONNX is asked for and its packages are not there."""
    missing = [name for name in ONNX_PACKAGES if find_spec(name) is None] if options.onnx else []
    if missing:
        raise UserError(
            f"--onnx needs the package{'s' * (len(missing) > 1)} {' and '.join(missing)}: run pip install "
            "'labelloop[onnx]', or leave it out"
        )


async def make(
    state: LoopState,
    store: Store,
    options: PushOptions,
    unfinished: Unfinished,
    place: str,
    worker: Worker,
    threads: int,
    draw: Draw,
) -> BuiltModel:
    """Make the folder in the unfinished one, anew. `place`: what the card calls it. Raises UserError."""
    folder = unfinished.folder / MODEL
    atomic.remove(folder)
    trained = await asyncio.to_thread(_copied, state, store, options, folder)
    facts, written = facts_of(state, trained), None
    facts = replace(facts, is_readable=(folder / CONFIG).is_file())
    if options.onnx:
        written = await _written(state, store, trained, options, folder, worker, threads)
    has_curve = bool(facts.points or facts.audits)
    if has_curve:
        draw(facts, folder / card.CURVE)
    content = card.card(facts, place, written, has_curve, options.license)
    (folder / card.FILE).write_text(content, encoding="utf-8")
    return BuiltModel(folder, facts, written)


def _copied(state: LoopState, store: Store, options: PushOptions, folder: Path) -> ModelTrained:
    """Copy the model and check the copy. Raises UserError if there is none, or it is damaged."""
    name = options.model
    try:
        trained, source = choose_model(state, store, name)
        name = trained.model
        folder.mkdir()
        for file in source.iterdir():
            shutil.copyfile(file, folder / file.name)
        artifacts.verify(folder, trained.sha256)
    except (artifacts.ModelDamaged, artifacts.ModelMissing, FileNotFoundError) as error:
        raise _lost(state, store, name) from error
    except TaskError as error:
        if not is_model_lost(error.kind):
            raise
        raise _lost(state, store, name) from error
    return trained


def _lost(state: LoopState, store: Store, name: str | None) -> UserError:
    which = f"model {name}" if name is not None else "the newest model"
    return UserError(
        f"{which} in the store is damaged (its files are not as they were written), nothing was pushed: "
        f"{others(state, store, name or '')}"
    )


async def _written(
    state: LoopState,
    store: Store,
    trained: ModelTrained,
    options: PushOptions,
    folder: Path,
    worker: Worker,
    threads: int,
) -> OnnxResult:
    """Write the model as ONNX into its folder. Raises UserError."""
    if not (folder / CONFIG).is_file():
        name = of_model(state, trained.model).classifier.name
        raise UserError(
            f"the classifier {name} saves no model that transformers reads (there is no {CONFIG}), so there "
            "is no ONNX of it: leave out --onnx"
        )
    test = for_next(state).test
    into = folder.with_name(PARTS)
    atomic.remove(into)
    into.mkdir()
    request = onnx_request(
        state,
        trained.model,
        folder,
        trained.sha256,
        pool=await asyncio.to_thread(store.pool, pool_of(state)),
        test=await asyncio.to_thread(store.snapshot, test) if test else None,
        into=into,
        threads=threads,
        int8=options.int8,
    )
    try:
        result = await worker.run(request)
    except TaskError as error:
        if error.kind == "bad-input":
            raise UserError(error.message) from error
        raise
    for file in into.iterdir():
        file.rename(folder / file.name)
    atomic.remove(into)
    return _as_fast_as_before(result, store.cache(state.project_id) / f"onnx-{trained.sha256}.json", threads)


def _as_fast_as_before(result: OnnxResult, file_of_speeds: Path, threads: int) -> OnnxResult:
    """With the speeds that were measured first, if there are any: by them alone no card is another one."""
    speeds: dict[str, float] = {}
    with suppress(OSError, ValueError):
        speeds = json.loads(file_of_speeds.read_text())
    about = f"{result.versions}, {threads} threads"
    files = {
        file.name: replace(
            file, texts_a_second=speeds.setdefault(f"{file.name}, {about}", file.texts_a_second)
        )
        for file in (result.whole, result.int8)
        if file is not None
    }
    with suppress(OSError):
        atomic.make_folder(file_of_speeds.parent)
        atomic.write(file_of_speeds, json.dumps(speeds), durable=False)
    return replace(result, whole=files[result.whole.name], int8=files.get(ONNX_INT8))


def check_place(path: Path, may_replace: bool) -> None:
    """Raises UserError if a folder may not be written there."""
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file: give a folder as --output")
    if not path.is_dir() or not any(path.iterdir()):
        return
    if not (path / hub.OURS).is_file():
        raise UserError(f"{path} is a folder that holds other things: give a new one with --output")
    if not may_replace:
        raise UserError(f"{path} exists: give another --output, or --replace")


def place(built: BuiltModel, path: Path, unfinished: Unfinished) -> None:
    """Move a whole folder to its place, and what was there into the unfinished one. Raises UserError."""
    before = unfinished.folder / BEFORE
    try:
        atomic.sync(*built.folder.iterdir(), built.folder)
        atomic.remove(before)
        if path.exists():
            path.rename(before)
        built.folder.rename(path)
        atomic.sync(path.parent)
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror}): give another --output") from error
