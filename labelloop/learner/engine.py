"""What computes a function of many chunks of texts: this machine alone, or a cluster too.

A chunk is always computed as a whole, by the same function with the same threads. So where it is computed
makes no difference to its values.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from labelloop.config.environment import LEARNER
from labelloop.config.service_settings import LOCAL, chosen_engine

Chunk = TypeVar("Chunk", bound=Sequence[Any])
Result = TypeVar("Result")


@dataclass(frozen=True)
class Remote(Generic[Chunk, Result]):
    """How another machine gets the same function: `load` makes it of a copy of the model's folder.

    It can be pickled.
    """

    folder: Path
    load: Callable[[Path], Callable[[Chunk], Result]]


class Engine(Protocol):
    """Applies functions to chunks."""

    def map(
        self,
        function: Callable[[Chunk], Result],
        chunks: Iterable[Chunk],
        remote: Remote[Chunk, Result] | None,
    ) -> Iterator[Result]:
        """The function's result for each chunk, in their order, each computed no sooner than needed.

        `remote` None: the function is known on this machine only. Raises `Unavailable`.
        """


class Here:
    """This process."""

    def map(
        self,
        function: Callable[[Chunk], Result],
        chunks: Iterable[Chunk],
        remote: Remote[Chunk, Result] | None,
    ) -> Iterator[Result]:
        return map(function, chunks)


def engine() -> Engine:
    """That of the deployment. Raises UserError if there is none of that name."""
    address = chosen_engine(LEARNER)
    if address == LOCAL:
        return Here()
    from labelloop.learner.cluster import Cluster

    return Cluster(address)
