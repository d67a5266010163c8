"""Other tools, run for real on the same pool, test set, batches and first random draw.

Each run has a process of its own, which imports the tool. This module imports nothing heavy.
"""

import asyncio
import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from benchmarks.loops import Outcome, Round, Task
from labelloop.loop.random_draws import random_draw

Take = Callable[[Task, int, Round], Outcome]


@dataclass(frozen=True)
class Peer:
    """Another tool: `load` names what takes a round (`module:function`). Slow ones get two seeds."""

    load: str
    about: str
    is_slow: bool = False

    def seeds(self, seeds: list[int]) -> list[int]:
        """Those of the seeds that it is run with."""
        return seeds[:2] if self.is_slow else seeds


PEERS: Mapping[str, Peer] = {
    "modAL, TF-IDF": Peer(
        "benchmarks.peers.features:modal_on_words",
        "modAL's margin sampling, logistic regression (C = 100) on TF-IDF",
    ),
    "modAL, embeddings": Peer(
        "benchmarks.peers.features:modal_on_embeddings",
        "the same (C = 10) on frozen sentence embeddings of the base model",
    ),
    "scikit-activeml, embeddings": Peer(
        "benchmarks.peers.features:activeml_on_embeddings",
        "scikit-activeml's margin sampling, logistic regression (C = 10) on the same embeddings",
    ),
    "tutorial": Peer(
        "benchmarks.peers.fine_tuned:tutorial",
        "the tutorial's core as written: small-text's transformer with its defaults, breaking ties",
        is_slow=True,
    ),
    "tutorial, rate 1e-4": Peer(
        "benchmarks.peers.fine_tuned:tutorial_with_rate",
        "the same with a learning rate of 1e-4 instead of 2e-5",
        is_slow=True,
    ),
    "SetFit": Peer(
        "benchmarks.peers.fine_tuned:setfit",
        "SetFit through small-text with its defaults, breaking ties",
        is_slow=True,
    ),
}


class PeerLearner:
    """A peer in one run. It begins with one random batch, as the arm random with the same seed does."""

    start = 1

    def __init__(self, task: Task, name: str, seed: int) -> None:
        self._task, self._name, self._seed = task, name, seed
        self._process: multiprocessing.process.BaseProcess | None = None

    async def first(self) -> tuple[int, ...]:
        return tuple(random_draw(self._seed, len(self._task.gold), (), self._task.batch_size))

    async def take(self, round: Round) -> Outcome:
        """Raises `PeerFailed` for an error in the tool."""
        if self._process is None:
            self._begin()
        self._ours.send(round)
        try:
            answer = await asyncio.to_thread(self._ours.recv)
        except EOFError:
            raise PeerFailed("its process ended without an answer") from None
        if isinstance(answer, Outcome):
            return answer
        raise PeerFailed(str(answer))

    def close(self) -> None:
        """End the process, also amid a round."""
        if self._process is not None:
            self._process.kill()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, PEERS[self._name].load, self._task, self._seed), daemon=True
        )
        self._process.start()
        theirs.close()


class PeerFailed(Exception):
    """A tool could not be imported, or could not take a round."""


def _serve(connection: Connection, load: str, task: Task, seed: int) -> None:
    """Take rounds until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            round = connection.recv()
        except EOFError:
            return
        try:
            connection.send(_loaded(load)(task, seed, round))
        except Exception as error:
            lines = str(error).strip().splitlines() or [""]
            connection.send(f"{type(error).__name__}: {lines[0]}")


def _loaded(load: str) -> Take:
    module, _, function = load.partition(":")
    take: Take = getattr(importlib.import_module(module), function)
    return take


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
