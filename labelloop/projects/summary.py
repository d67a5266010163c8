"""A summary of a project's state. Pure."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from labelloop.learner.large_pools import EmbeddedTexts
from labelloop.loop.digest import loop_digest
from labelloop.loop.history import History
from labelloop.loop.log_digest import LogDigest
from labelloop.loop.state import LoopState, ProjectState
from labelloop.projects.catalog import name_of
from labelloop.projects.next_steps import next_steps
from labelloop.projects.people import Stuck
from labelloop.projects.progress import Progress, Settled, progress_of
from labelloop.store.opening import without_credentials


@dataclass(frozen=True)
class Summary:
    """A project's log and its progress. `moved`: the log in which the project lives now, if it is another.

    `next_steps`: what its owner can do if it is over, or if texts are `stuck`, for which too few people are
    left. `embedded`: how far its texts are, in a large pool.
    """

    project: str
    name: str
    log: LogDigest
    halted: str | None
    moved: str | None
    conflicts: int
    duplicates: int
    state: ProjectState
    progress: Progress
    store: str | None
    next_steps: tuple[str, ...] = ()
    embedded: EmbeddedTexts | None = None
    stuck: Stuck | None = None

    @property
    def phase(self) -> str:
        """In a word whether it goes on, or why not."""
        progress = self.progress
        standings = {"ended": progress.ended, "paused": progress.paused, "finished": progress.finished}
        return (
            self.moved
            or self.halted
            or next((name for name, holds in standings.items() if holds), "going on")
        )

    @property
    def events(self) -> int:
        """How many events the history took."""
        return self.log.events

    @property
    def model_folder(self) -> str | None:
        """The folder of the newest model. It is relative to the store if the store's address is unknown."""
        model = self.progress.model
        if model is None:
            return None
        root = "" if self.store is None else f"{without_credentials(self.store).rstrip('/')}/"
        return f"{root}{model.folder}"

    @cached_property
    def digest(self) -> str:
        """Of all that was picked, labelled and learned."""
        return loop_digest(self.state)

    def status(self) -> dict[str, Any]:
        """What `labelloop status --json` shows, as JSON values."""
        return {**self.glance(), "digest": self.digest}

    def glance(self) -> dict[str, Any]:
        """The same without the digest, which takes long behind many labels."""
        progress, model = self.progress, self.progress.model
        return {
            "project": self.project,
            "name": self.name,
            "halted": self.halted,
            "moved": self.moved,
            "paused": progress.paused,
            "ended": progress.ended,
            "finished": progress.finished,
            "batches": {"done": progress.done, "open": len(progress.open)},
            "open_batches": [asdict(batch) for batch in progress.open],
            "labels": len(progress.labels),
            "discarded": progress.discarded,
            "pool": progress.pool,
            "left_out": progress.left_out,
            "topics": [asdict(topic) for topic in progress.topics],
            "only_for": progress.only_for,
            "gold": asdict(progress.gold) if progress.gold else None,
            "model": model.model if model else None,
            "model_folder": self.model_folder,
            "accuracy": model.accuracy if model else None,
            **({} if model is None or model.micro_f1 is None else {"micro_f1": model.micro_f1}),
            **({} if model is None or model.macro_f1 is None else {"macro_f1": model.macro_f1}),
            "test_set": model.test_set if model else None,
            "audit": progress.audit.as_dict() if progress.audit else None,
            "stopping": asdict(progress.stopping) if progress.stopping else None,
            "suggester": asdict(progress.suggester) if progress.suggester else None,
            "log": self.log._asdict(),
            "conflicts": self.conflicts,
            "duplicates": self.duplicates,
            "embedded": asdict(self.embedded) if self.embedded else None,
            "stuck": asdict(self.stuck) if self.stuck else None,
            "failures": [asdict(failure) for failure in progress.failures],
        }

    def replayed(self) -> dict[str, Any]:
        """What `labelloop replay --json` shows, with each label and each model, as JSON values."""
        progress = self.progress
        return {
            "project": self.project,
            "name": self.name,
            "events": self.events,
            "halted": self.halted,
            "moved": self.moved,
            "batches": {"done": progress.done, "open": [asdict(batch) for batch in progress.open]},
            "labels": progress.label_counts,
            "items": {str(item): list(names) for item, names in sorted(progress.labels.items())},
            "annotators": progress.annotators,
            "models": [model.as_dict() for model in progress.models],
            "digest": self.digest,
            "log": self.log._asdict(),
        }


def summarized(history: History, store: str | None = None, done: Settled | None = None) -> Summary:
    """The summary of a project. `store`: the address of its store, if known. `done`: see `progress_of`."""
    state = history.state
    return Summary(
        project=history.project,
        name=name_of(history),
        log=state.log,
        halted=str(history.halt) if history.halt else None,
        moved=history.inactive_because if history.is_away else None,
        conflicts=history.conflicts,
        duplicates=history.duplicates,
        state=state,
        progress=progress_of(state, done) if isinstance(state, LoopState) else Progress(),
        store=store,
        next_steps=tuple(next_steps(history)),
    )
