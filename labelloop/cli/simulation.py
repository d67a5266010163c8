"""The loop with simulated annotators, from an empty home to a learning curve."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labelloop.cli.interrupt import Kill
from labelloop.cli.opened import Opened, opened
from labelloop.cli.outcome import keep, outcome, tell
from labelloop.cli.view.links import login_lines
from labelloop.cli.view.notes import tell_notes
from labelloop.cli.view.screen import Screen
from labelloop.cli.view.watch import Watch
from labelloop.errors import UserError
from labelloop.home import DEMO, Home, clear, find_home, open_home
from labelloop.loop.history import History
from labelloop.loop.order import finished
from labelloop.loop.progress import is_tested
from labelloop.oracle.server import credentials
from labelloop.places import Elsewhere, choose_fresh_places, remember_places
from labelloop.pool.bundled import bundled
from labelloop.projects.catalog import read_histories, sound
from labelloop.projects.create import check_options, ensure_project
from labelloop.projects.options import ProjectOptions
from labelloop.supervisor import plan
from labelloop.supervisor.address import DEFAULT_HOST, check_free, free_port
from labelloop.supervisor.embedded import Embedded
from labelloop.supervisor.lock import hold
from labelloop.supervisor.machine import Machine, running, start_services
from labelloop.supervisor.supervisor import end_leftovers

QUESTIONS = "questions"
OF_A_DATASET = {"test", "text_column", "label_column", "config", "split", "revision"}


@dataclass
class Simulation:
    """`labelloop demo` as it was asked for, and what came of it."""

    path: Path
    elsewhere: Elsewhere
    options: ProjectOptions
    annotators: int
    error: float
    seconds_per_label: float
    port: int | None
    keep_running: bool
    quiet: bool
    outcome: dict[str, Any] | None = field(default=None, init=False)

    async def run(self, kills: list[Kill]) -> None:
        """Run to the end of the loop. Raises UserError before anything runs when the input is bad."""
        self.options = _with_bundled(self.options)
        if self.port is not None:
            check_free(DEFAULT_HOST, self.port)
        before = find_home(self.path)
        if before is None or before.kind == DEMO:
            check_options(self.options)
        home = open_home(self.path, DEMO)
        with hold(home.run), Screen(stderr=self.quiet) as screen:
            end_leftovers(home)
            places = choose_fresh_places(home, self.elsewhere)
            if places.has_own_log:
                clear(home)
            async with opened(places) as found:
                if not places.has_own_log:
                    clear(home)
                remember_places(places)
                project = await self._prepare(found, screen)
                address = Embedded(DEFAULT_HOST, self.port or free_port(DEFAULT_HOST))
                async with running(home, places, address, screen.line) as machine:
                    kills.append(machine.supervisor.kill)
                    await self._loop(found, machine, project, screen)
                    if self.keep_running:
                        await self._finish(home, found, project, screen)
                        screen.line("Argilla and the services go on until Ctrl-C")
                        await asyncio.Event().wait()
                await self._finish(home, found, project, screen)

    async def _prepare(self, found: Opened, screen: Screen) -> str:
        ensured = await ensure_project(found.store, found.log, {}, self.options)
        await tell_notes(found.log, ensured, screen)
        return ensured.project

    async def _loop(self, found: Opened, machine: Machine, project: str, screen: Screen) -> None:
        screen.line("starting Argilla")
        await start_services(machine, plan.Beside())
        for line in login_lines(machine.access.url, credentials(machine.home.argilla), None):
            screen.line(line)
        self._employ(machine, project)
        watch = Watch(machine.home, screen)
        await watch.until(found.log, lambda histories: _is_over(histories.get(project)))

    def _employ(self, machine: Machine, project: str) -> None:
        behaviour = {
            "--annotators": str(self.annotators),
            "--seconds-per-label": str(self.seconds_per_label),
            "--error": str(self.error),
            "--seed": str(self.options.seed),
        }
        annotators = plan.annotators(machine.home, machine.places, machine.access, project, behaviour)
        machine.supervisor.start(annotators)

    async def _finish(self, home: Home, found: Opened, project: str, screen: Screen) -> None:
        if self.outcome is None:
            state = sound((await read_histories(found.log))[project])
            kept = keep(home, found.store, state)
            self.outcome = outcome(found.store, state, kept)
            tell(home, state, self.outcome, kept, screen)


def _with_bundled(options: ProjectOptions) -> ProjectOptions:
    if options.dataset is not None:
        return replace(options, needs_gold=True)
    given = sorted(options.given & OF_A_DATASET)
    if given:
        raise UserError(f"--{given[0].replace('_', '-')} is of your own texts: give their --dataset too")
    questions = bundled(QUESTIONS)
    return replace(
        options, name=QUESTIONS, dataset=str(questions.pool), test=str(questions.test), needs_gold=True
    )


def _is_over(history: History | None) -> bool:
    """Whether all is labelled, learned and tested. Raises UserError when the project is halted."""
    if history is None:
        return False
    state = sound(history)
    return finished(state) and all(is_tested(state, model) for model in state.models)
