"""Searches of texts, which may take long, beside all else."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from sqlite3 import Row

from services.dashboard.read_model import ReadModel
from services.dashboard.text_queries import PAGE, Place, TextFilter, TextQueries


@dataclass(frozen=True)
class ListPart:
    """Which part of a list: after a place, and up to another. None: from its beginning; a page of it."""

    after: Place | None = None
    until: Place | None = None


@dataclass(frozen=True)
class FoundTexts:
    """A part of a list of texts. `until`: the place up to which it reaches, before the one that was wanted
    where that would be too many. `is_more`: whether any comes after it. `count`: how many texts there are in
    all. `choices`: what could be chosen.
    """

    rows: Sequence[Row]
    until: Place | None
    is_more: bool
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

    async def matching(
        self, project: str, chosen: TextFilter, labels: Sequence[str], part: ListPart
    ) -> FoundTexts:
        """The texts for which the filter holds. `labels`: those of the project."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._found, project, chosen, labels, part
        )

    def _found(self, project: str, chosen: TextFilter, labels: Sequence[str], part: ListPart) -> FoundTexts:
        most = PAGE if part.until is None else 2 * PAGE
        rows = self._texts.matching(project, chosen, part.after, most + 1, part.until)
        is_cut = len(rows) > most
        rows = rows[:PAGE] if is_cut else rows
        until = Place.of(rows[-1]) if rows and (is_cut or part.until is None) else part.until
        return FoundTexts(
            rows,
            until,
            is_cut or (until is not None and bool(self._texts.matching(project, chosen, until, 1))),
            self._texts.count(project, chosen),
            self._texts.choices(project, labels),
        )
