"""`labelloop up` with a project for each test, two annotators, and a browser."""

import csv
import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from playwright.sync_api import Browser

from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.attacks import Attacker
from tests.support.browser import AnnotatorPage, chromium
from tests.support.command import command, eventually, labelloop
from tests.support.loop import Loop, a_loop, texts
from tests.support.messages import names
from tests.support.needs import needs_chromium
from tests.support.people import Person
from tests.support.states import LABELS

TEXTS = tuple(text for text, _ in texts(40))
PROJECTS = {
    "in-turn": ("--lookahead", 0, "--batch-size", 5),
    "ahead": ("--lookahead", 1, "--batch-size", 5),
}
PEOPLE = ("ada",)

LogIn = Callable[[str], AnnotatorPage]


def aside(*arguments: object) -> Result:
    """Run a command in a thread: it has an event loop of its own, and Playwright's runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(labelloop, *arguments).result()
    assert result.exit_code == 0, result.output
    return result


def new_annotator(browser: Browser, server: ArgillaServer, policy: bool = True) -> AnnotatorPage:
    """A new annotator on the home page, with a browser of their own."""
    name, password = f"ann-{secrets.token_hex(4)}", secrets.token_hex(8)
    # Playwright's event loop runs in this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(Person, server, name, password).result()
    page = AnnotatorPage(browser, server.url, policy)
    page.log_in(name, password)
    return page


@pytest.fixture
def attacker() -> Iterator[Attacker]:
    with closing(Attacker()) as listener:
        yield listener


@dataclass(frozen=True)
class Served:
    """A running home; `passwords` are those of the annotators."""

    home: Path
    output: Path
    url: str
    passwords: dict[str, str]

    def link(self, project: str) -> str:
        """The link to label the project by, as it was printed."""
        lines = self.output.read_text(encoding="utf-8").splitlines()
        return next(line.split()[-1] for line in lines if "/annotation-mode" in line and names(line, project))

    def payloads(self, project: str, event: str) -> list[dict[str, Any]]:
        """What the project's events of this name say, in their order."""
        lines = aside("events", "--home", self.home, "--project", project, "--json").stdout.splitlines()
        events = [json.loads(line) for line in lines]
        return [each["data"] for each in events if each["type"] == f"labelloop.{event}.v1"]

    def batch(self, project: str, number: int) -> set[str]:
        """The texts of a batch."""
        queried = self.payloads(project, "BatchQueried")
        return {TEXTS[item["item"]] for item in queried[number]["items"]}

    def annotated(self, project: str, batch: str) -> dict[str, Any]:
        """What the first revision of a batch says by text, once it is done."""

        def revisions() -> list[dict[str, Any]]:
            return [
                payload for payload in self.payloads(project, "BatchAnnotated") if payload["batch"] == batch
            ]

        eventually(lambda: bool(revisions()), f"batch {batch} of {project} is done")
        return {TEXTS[item["item"]]: item for item in revisions()[0]["items"]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    needs_chromium()
    folder = tmp_path_factory.mktemp("served")
    home, output = folder / "home", folder / "output"
    with (folder / "mail.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["body"], *([text] for text in TEXTS)])
    data = ("--dataset", folder / "mail.csv", "--text-column", "body", "--labels", ",".join(LABELS))
    for name, options in PROJECTS.items():
        aside("init", "--home", home, "--name", name, *data, "--classifier", "linear", *options)
    with command("up", "--home", home, "--port", free_port(), output=output):
        eventually(
            lambda: output.read_text(encoding="utf-8").count("/annotation-mode") == len(PROJECTS),
            "the first batch of each project is on screen",
        )
        added = [
            json.loads(aside("annotators", "add", name, "--home", home, "--json").stdout) for name in PEOPLE
        ]
        passwords = {account["username"]: account["password"] for account in added}
        yield Served(home, output, added[0]["url"], passwords)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for this folder alone: other tests could not run an event loop beside Playwright's."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="package")
def loop(
    tmp_path_factory: pytest.TempPathFactory, argilla_server: ArgillaServer, browser: Browser
) -> Iterator[Loop]:
    """What shows texts to people and sees their answers, each test with a project of its own."""
    with a_loop(tmp_path_factory.mktemp("shown"), argilla_server) as loop:
        loop.start("querier", "annotation_watcher")
        yield loop


@pytest.fixture
def log_in(served: Served, browser: Browser) -> Iterator[LogIn]:
    """A browser of their own for a person, who is on the home page."""
    opened: list[AnnotatorPage] = []

    def person(name: str) -> AnnotatorPage:
        opened.append(AnnotatorPage(browser, served.url))
        opened[-1].log_in(name, served.passwords[name])
        return opened[-1]

    yield person
    for each in opened:
        each.page.context.close()
