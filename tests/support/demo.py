"""`labelloop demo` on some of the bundled questions, and one run of it that tests compare with."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from filelock import FileLock

from labelloop.pool.bundled import bundled
from tests.support.argilla_server import free_port
from tests.support.command import command

HOME, KEPT, BATCHES, SIZE = "undisturbed", "kept", 5, 10
MOST_SECONDS = 600.0


@dataclass(frozen=True)
class Demo:
    """A folder with some texts of the bundled questions, and how many batches of `SIZE` are labelled."""

    folder: Path
    batches: int = BATCHES

    def write(self) -> None:
        questions = bundled("questions")
        for name, source, count in (
            ("questions", questions.pool, 2 * self.batches * SIZE),
            ("test", questions.test, 40),
        ):
            lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
            (self.folder / f"{name}.jsonl").write_text("".join(lines[:count]), encoding="utf-8")

    def gold(self) -> list[str]:
        """The labels of the pool's texts, by their rows."""
        with (self.folder / "questions.jsonl").open(encoding="utf-8") as rows:
            return [json.loads(row)["label"] for row in rows]

    @contextmanager
    def start(self, name: str, *options: object, output: Path | None = None) -> Iterator["Popen[bytes]"]:
        """In the home of this name."""
        data = ["--dataset", self.folder / "questions.jsonl", "--test", self.folder / "test.jsonl"]
        loop = ["--batches", self.batches, "--batch-size", SIZE, "--classifier", "linear"]
        # Of two that begin at once, both would find the usual port free.
        where = ["--home", self.folder / name, "--port", free_port()]
        arguments = ["demo", *where, *data, *loop, "--json", *options]
        with command(*arguments, output=output or self.output(name)) as process:
            yield process

    def output(self, name: str) -> Path:
        return self.folder / f"{name}.txt"


@dataclass(frozen=True)
class Ended:
    """A demo that came to its end; `facts` is its line for programs."""

    output: str
    facts: dict[str, Any]

    @classmethod
    def wait(cls, process: "Popen[bytes]", output: Path, seconds: float = MOST_SECONDS) -> "Ended":
        """Wait for the end, which must be a good one."""
        code = process.wait(seconds)
        assert code == 0, output.read_text(encoding="utf-8")
        return cls.of_output(output)

    @classmethod
    def of_output(cls, output: Path) -> "Ended":
        """By what it printed."""
        text = output.read_text(encoding="utf-8")
        return cls(text, json.loads(text.splitlines()[-1]))

    @property
    def accuracy(self) -> dict[int, float]:
        """By the number of labels."""
        return {point["labels"]: point["accuracy"] for point in self.facts["accuracy"]}


@dataclass(frozen=True)
class Undisturbed:
    demo: Demo
    ended: Ended


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A run on SQLite in the home `HOME`, left alone: one for all the processes that run tests.

    `KEPT` is that home as it was at the end, whatever comes to `HOME` later.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    demo = Demo(shared / "demo")
    ended = shared / "demo-ended"
    with FileLock(shared / "demo.lock"):
        if not ended.exists():
            demo.folder.mkdir()
            demo.write()
            with demo.start(HOME, "--seconds-per-label", 0) as process:
                Ended.wait(process, demo.output(HOME))
            # Files are never changed in place: a later demo in this home removes its names of them.
            shutil.copytree(demo.folder / HOME, demo.folder / KEPT, copy_function=os.link)
            ended.touch()
    return Undisturbed(demo, Ended.of_output(demo.output(HOME)))
