"""Simulated annotators as a process of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.loop import ROOT, Loop


@contextmanager
def simulated_annotators(
    loop: Loop, project: str, pool: Path, keys: Sequence[str], seconds_per_label: float = 0.0
) -> Iterator[None]:
    """Annotators at work, one a key, from the gold labels of the pool."""
    command = [sys.executable, "-m", "labelloop.oracle.simulated", "--stop-with-parent"]
    options = {
        "--url": loop.argilla.url,
        "--dataset": project,
        "--pool": str(pool),
        "--seconds-per-label": str(seconds_per_label),
    }
    arguments = [part for option in options.items() for part in option]
    environment = {**os.environ, "LABELLOOP_ANNOTATOR_KEYS": ",".join(keys)}
    with (loop.home / "annotators.log").open("ab") as output:
        process = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()
