"""What the supervisor says of itself and its processes, in a file that others read."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "supervisor.json"


@dataclass
class ProcessState:
    """One process. `state`: starting, running, waiting (to be started again) or stopped; times as Unix time.

    `started` is the process's own creation time, by which it is told from a later one with the same pid.
    """

    state: str = "starting"
    pid: int | None = None
    started: float | None = None
    since: float | None = None
    restarts: int = 0
    ended: str | None = None


@dataclass
class SupervisorState:
    """The supervisor `pid`, Argilla's address, and the processes by name."""

    pid: int
    since: float
    argilla: str | None = None
    processes: dict[str, ProcessState] = field(default_factory=dict)


def write_state(run: Path, state: SupervisorState) -> None:
    """Replace what was said before. A full disk leaves it as it was."""
    draft = run / f".{FILE}.{os.getpid()}"
    with suppress(OSError):
        draft.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
        draft.replace(run / FILE)


def read_state(run: Path) -> SupervisorState | None:
    """What was said last; None if nothing readable was."""
    try:
        said = json.loads((run / FILE).read_text(encoding="utf-8"))
        processes = {name: ProcessState(**process) for name, process in said.pop("processes").items()}
        return SupervisorState(**said, processes=processes)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
