"""Searches of texts, which may take long, beside all else."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from sqlite3 import Row

from services.dashboard.read_model import ReadModel
from services.dashboard.text_queries import PAGE, TextFilter, TextQueries


@dataclass(frozen=True)
class Found:
    """A page of texts and one more if there is one, how many there are, and what could be chosen."""

    rows: Sequence[Row]
    count: int
    choices: Mapping[str, Sequence[str]]


class Search:
    """One search at a time, with a thread and a connection of its own."""

    def __init__(self, model: ReadModel) -> None:
        self._connection = model.reader()
        self._texts = TextQueries(self._connection)
        self._thread = ThreadPoolExecutor(1, "search")

    def close(self) -> None:
        """End the search that runs."""
        self._connection.interrupt()
        self._thread.shutdown(cancel_futures=True)
        self._connection.close()

    async def found(
        self, project: str, chosen: TextFilter, labels: Sequence[str], after: tuple[str, int] | None
    ) -> Found:
        """The texts for which the filter holds. `labels`: those of the project."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._found, project, chosen, labels, after
        )

    def _found(
        self, project: str, chosen: TextFilter, labels: Sequence[str], after: tuple[str, int] | None
    ) -> Found:
        return Found(
            self._texts.found(project, chosen, after, PAGE + 1),
            self._texts.count(project, chosen),
            self._texts.choices(project, labels),
        )
