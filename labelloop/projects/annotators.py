"""Who has labelled in a log, beside the accounts there are. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from labelloop.loop.history import History, all_created

SUBMITTED = "submitted"


@dataclass(frozen=True)
class Annotator:
    """A person and the number of their labels in the log.

    `account` is gone if somebody labelled and has no account any more. It is unknown, and `role` None, if the
    accounts are unknown.
    """

    username: str
    role: str | None
    labels: int
    account: Literal["there", "gone", "unknown"]


def annotators(histories: Iterable[History], roles: Mapping[str, str] | None) -> list[Annotator]:
    """The accounts (`roles` by username; None: unknown) in their order, then the others who labelled."""
    labels = _labels(histories)
    known = [Annotator(name, role, labels[name], "there") for name, role in (roles or {}).items()]
    account: Literal["gone", "unknown"] = "unknown" if roles is None else "gone"
    others = sorted(name for name in labels if name not in (roles or {}))
    return [*known, *(Annotator(name, None, labels[name], account) for name in others)]


def _labels(histories: Iterable[History]) -> Counter[str]:
    """The number of labels by username. Who only discarded has 0."""
    counts: Counter[str] = Counter()
    for _, state in all_created(histories):
        for batch in state.batches.values():
            for answer in batch.answers:
                for vote in answer.votes:
                    counts[vote.username] += vote.status == SUBMITTED
    return counts
