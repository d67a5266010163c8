"""Where and when the steps on file were measured, and which peers failed: one JSON line each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.report import machine

PACKAGES = (
    "torch",
    "transformers",
    "small-text",
    "scikit-learn",
    "numpy",
    "setfit",
    "scikit-activeml",
    "modAL-python",
)


@dataclass(frozen=True)
class Session:
    """One start of the benchmark. `first_step`: how many steps were on file. `arms`: what each was told."""

    first_step: int
    data: str
    classifier: str
    model: str
    batch_size: int
    threads: int
    date: str
    machine: str
    versions: Mapping[str, str]
    arms: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def now(cls, **facts: Any) -> "Session":
        """Today, on this machine."""
        return cls(
            **facts, date=f"{datetime.now(UTC):%Y-%m-%d}", machine=machine(), versions=dict(_versions())
        )


@dataclass(frozen=True)
class Failure:
    """A peer that came no further than these labels with a seed."""

    arm: str
    seed: int
    labels: int
    error: str
    date: str


class Provenance:
    """The sessions and failures on file, beside the steps."""

    def __init__(self, steps: Path) -> None:
        self._path = steps.with_suffix(".sessions.jsonl")
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.is_file() else []
        values = [json.loads(line) for line in lines]
        self.failures = [Failure(**each) for each in values if "error" in each]
        self.sessions = [Session(**each) for each in values if "error" not in each]

    def begin(self, session: Session) -> None:
        """Keep a session."""
        self.sessions.append(session)
        self._add(session)

    def fail(self, arm: str, seed: int, labels: int, error: str) -> None:
        """Keep a failure."""
        failure = Failure(arm, seed, labels, error, f"{datetime.now(UTC):%Y-%m-%d}")
        self.failures.append(failure)
        self._add(failure)

    def unlike(self, arm: str, settings: Any) -> bool:
        """Whether the arm was last told something else, so that its curves are those of other work."""
        last = [session.arms[arm] for session in self.sessions if arm in session.arms]
        return bool(last) and last[-1] != json.loads(json.dumps(settings))

    def steps_of_sessions(self, steps: int) -> Iterator[tuple[Session, int]]:
        """Each session with the number of its steps, less those that added none."""
        ends = [session.first_step for session in self.sessions[1:]] + [steps]
        for session, end in zip(self.sessions, ends, strict=True):
            if end > session.first_step:
                yield session, end - session.first_step

    def _add(self, line: Session | Failure) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(line)) + "\n")


def _versions() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            yield package, "not installed"
