"""`labelloop demo`: run the loop with simulated annotators, then write the learning curve and the labels."""

import asyncio
import shlex
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from labelloop import atomic
from labelloop.cli.curve import draw_png, draw_text
from labelloop.cli.dashboard import chosen_dashboard
from labelloop.cli.demo import DemoOptions
from labelloop.cli.live_view import Watch, login_lines, tell_notes
from labelloop.cli.opened import Opened, OpenedForProjects, opened_for_projects
from labelloop.cli.predict import lines
from labelloop.cli.screen import Screen
from labelloop.config.home import DEMO, Home, clear, find_home, open_home
from labelloop.config.locations import Elsewhere, choose_fresh_locations, remember_locations
from labelloop.config.service_settings import default_threads
from labelloop.learner.worker import Worker
from labelloop.loop.digest import loop_digest
from labelloop.loop.figures import Point, audits, curve, is_tested, spread, waits
from labelloop.loop.history import History
from labelloop.loop.labels import current
from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState
from labelloop.oracle.server import credentials
from labelloop.pool.bundled import bundled
from labelloop.projects.catalog import read_histories, sound
from labelloop.projects.create import check_options, ensure_project
from labelloop.projects.export import rows
from labelloop.projects.formats import write_rows, write_table
from labelloop.projects.interrupted_work import beside
from labelloop.projects.predictions.predict import PredictionRequest, predict
from labelloop.store import Store
from labelloop.supervisor import plan
from labelloop.supervisor.argilla import DEFAULT_HOST, Embedded, check_free, free_port
from labelloop.supervisor.lock import hold
from labelloop.supervisor.supervisor import Machine, end_leftovers, running, start_services
from schemas.parts import MULTI_LABEL

QUESTIONS, TOPICS = "questions", "topics"


@dataclass
class Simulation:
    """One run of `labelloop demo`, and its results."""

    path: Path
    elsewhere: Elsewhere
    options: DemoOptions
    annotators: int
    error: float
    seconds_per_label: float
    port: int | None
    keep_running: bool
    quiet: bool
    outcome: dict[str, Any] | None = field(default=None, init=False)
    _machine: Machine | None = field(default=None, init=False)

    async def run(self) -> None:
        """Run the loop to its end. Raises UserError on bad input, before anything runs."""
        self.options = _with_bundled(self.options)
        if self.port is not None:
            check_free(DEFAULT_HOST, self.port)
        before = find_home(self.path)
        if before is None or before.kind == DEMO:
            check_options(self.options)
        home = open_home(self.path, DEMO)
        with hold(home.run), Screen(stderr=self.quiet) as screen:
            end_leftovers(home)
            locations = choose_fresh_locations(home, self.elsewhere)
            if locations.has_own_log:
                clear(home)
            async with opened_for_projects(locations) as for_projects:
                if not locations.has_own_log:
                    clear(home)
                remember_locations(locations)
                project = await self._prepare(for_projects, screen)
                opened_log = await for_projects.make()
                address = Embedded(DEFAULT_HOST, self.port or free_port(DEFAULT_HOST))
                async with running(home, locations, address, screen.line) as machine:
                    self._machine = machine
                    await self._loop(opened_log, machine, project, screen)
                    await self._finish(machine, opened_log, project, screen)
                    if self.keep_running:
                        screen.line("Argilla, the dashboard and the services keep running until Ctrl-C")
                        await asyncio.Event().wait()

    def kill(self) -> None:
        """Kill everything that runs, at once."""
        if self._machine is not None:
            self._machine.supervisor.kill()

    async def _prepare(self, opened_log: OpenedForProjects, screen: Screen) -> str:
        ensured = await ensure_project(
            opened_log.store, opened_log.log.make, {}, self.options, tell=screen.tell
        )
        screen.show(())
        await tell_notes(await opened_log.log.make(), ensured, screen)
        return ensured.project

    async def _loop(self, opened_log: Opened, machine: Machine, project: str, screen: Screen) -> None:
        screen.line("starting Argilla")
        dashboard = chosen_dashboard(machine.home)
        await start_services(machine, plan.OptionalServices(dashboard=dashboard.at))
        login = login_lines(machine.access.url, credentials(machine.home.argilla), None)
        for line in (*login, *dashboard.lines):
            screen.line(line)
        self._employ(machine, project)
        watch = Watch(machine.home, screen)
        await watch.until(opened_log.log, lambda histories: _is_over(histories.get(project)))

    def _employ(self, machine: Machine, project: str) -> None:
        behaviour = {
            "--annotators": str(self.annotators),
            "--seconds-per-label": str(self.seconds_per_label),
            "--error": str(self.error),
            "--seed": str(self.options.seed),
        }
        annotators = plan.annotators(machine.home, machine.locations, machine.access, project, behaviour)
        machine.supervisor.start(annotators)

    async def _finish(self, machine: Machine, opened_log: Opened, project: str, screen: Screen) -> None:
        state, store = sound((await read_histories(opened_log.log))[project]), opened_log.store
        files = keep(machine.home, store, state)
        predictions = await label_rest(machine, store, state, files.rest, screen)
        atomic.restrict(machine.home.exports, machine.home.path)
        self.outcome = outcome(store, state, files)
        tell(machine.home, state, self.outcome, files, predictions, screen)


def _with_bundled(options: DemoOptions) -> DemoOptions:
    if options.dataset is not None:
        return options
    name = TOPICS if options.asked_task == MULTI_LABEL else QUESTIONS
    texts = bundled(name)
    return options.with_other(name=name, dataset=str(texts.pool), test=str(texts.test))


def _is_over(history: History | None) -> bool:
    """Whether everything is labelled, learned and evaluated. Raises UserError if the project is halted."""
    if history is None:
        return False
    state = sound(history)
    return finished(state) and all(is_tested(state, model) for model in state.models)


@dataclass(frozen=True)
class WrittenFiles:
    """The files that were written. `png` is None if no model was evaluated or audited."""

    export: Path
    png: Path | None
    rest: Path


def keep(home: Home, store: Store, state: LoopState) -> WrittenFiles:
    """Write the labels and the curve into the home's exports. Raises UserError."""
    export = home.exports / f"{state.project_id}.jsonl"
    write_rows(list(rows(state, store)), export, "jsonl")
    points, audited = curve(state), audits(state)
    png = home.exports / f"{state.project_id}-curve.png" if points or audited else None
    if png is not None:
        draw_png({None: points} if points else {}, state.project.name, png, audited)
    return WrittenFiles(export, png, home.exports / f"{state.project_id}-predictions.jsonl")


async def label_rest(
    machine: Machine, store: Store, state: LoopState, output: Path, screen: Screen
) -> list[str]:
    """Write what the last model says of the texts that nobody labelled. The lines that tell of it."""
    address, threads = None if machine.learner is None else str(machine.learner), default_threads()
    with beside(output) as unfinished, closing(Worker(threads, learner=address)) as worker:
        answer = await predict(state, store, PredictionRequest(), unfinished, worker, threads, screen.count)
        screen.show(())
        write_table(answer.predictions.table(None), output, "jsonl")
        unfinished.remove()
    return list(lines(answer, answer.predictions.best_labels.text_count, None, str(output), state))


def outcome(store: Store, state: LoopState, files: WrittenFiles) -> dict[str, Any]:
    """The figures of the loop as JSON values. Seconds of training and picking are totals."""
    trained = state.models.get(state.latest_model) if state.latest_model else None
    return {
        "project": state.project_id,
        "batches": len(state.batches),
        "labels": len(current(state)),
        "accuracy": [_of(point) for point in curve(state)],
        "wait_seconds": asdict(spread(list(waits(state).values()))),
        "train_seconds": sum(each.first.seconds for each in state.models.values()),
        "query_seconds": sum(batch.queried.seconds for batch in state.batches.values()),
        "model": store.address(trained.latest.artifact) if trained else None,
        "export": str(files.export),
        "predictions": str(files.rest),
        "digest": loop_digest(state),
    }


def _of(point: Point) -> dict[str, float]:
    figures = {"labels": point.labels, "accuracy": point.accuracy}
    return figures if point.micro_f1 is None else {**figures, "micro_f1": point.micro_f1}


def tell(
    home: Home,
    state: LoopState,
    figures: dict[str, Any],
    files: WrittenFiles,
    predictions: Sequence[str],
    screen: Screen,
) -> None:
    """Print the curve, where the files are, and how to look again."""
    points = curve(state)
    screen.line()
    if points:
        screen.line(draw_text(points, state.project.name))
    waited = figures["wait_seconds"]
    screen.line(
        f"annotators waited {waited['p50']:.1f} s (median batch), {waited['p95']:.1f} s (95 %), "
        f"{waited['max']:.1f} s at most"
    )
    screen.line(f"model   {figures['model']}")
    screen.line(f"labels  {figures['export']}")
    if files.png:
        screen.line(f"curve   {files.png}")
    screen.line(f"rest    {predictions[0]}")
    screen.line(f"look    labelloop status --home {shlex.quote(str(home.path))}")
