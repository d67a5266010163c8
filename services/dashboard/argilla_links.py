"""Where in Argilla people answer the texts of each project."""

import asyncio
from urllib.parse import quote

from labelloop.config.dashboard import DashboardSettings
from labelloop.errors import Unavailable, UserError
from labelloop.oracle.argilla import Argilla
from services.dashboard.figures import CARD
from services.dashboard.live import Hub
from services.dashboard.queries import Queries

INTERVAL = 5.0


class Places:
    """Finds the data sets of projects, as long as Argilla's address and a key are known."""

    def __init__(self, settings: DashboardSettings, queries: Queries, hub: Hub) -> None:
        self._settings = settings
        self._queries = queries
        self._hub = hub
        self._found: dict[tuple[str, str], str] = {}

    async def run(self) -> None:
        """Run until cancelled. What is not found is looked for again."""
        settings = self._settings
        if settings.argilla_url is None or settings.argilla_key is None:
            return
        async with Argilla(settings.argilla_url, settings.argilla_key, settings.argilla_headers) as argilla:
            while True:
                for project, card in self._queries.figures(CARD).items():
                    name = card.get("data_set")
                    if name is not None and (project, name) not in self._found:
                        await self._find(argilla, project, name)
                await asyncio.sleep(INTERVAL)

    async def _find(self, argilla: Argilla, project: str, name: str) -> None:
        try:
            dataset = await argilla.find_project(project, name)
        except (Unavailable, UserError):
            return
        if dataset is not None:
            self._found[project, name] = dataset.id
            self._hub.tell([project])

    def link(self, project: str, item: int | None = None, is_answered: bool = False) -> str | None:
        """The page on which people answer a project's texts, or this one; else Argilla's own, if any.

        A text that `is_answered` is opened among the viewer's own answers: Argilla shows others' to nobody.
        """
        card = self._queries.figure(project, CARD) or {}
        dataset = self._found.get((project, card.get("data_set") or ""))
        page = (self._settings.argilla or "").rstrip("/") or None
        if page is None or dataset is None:
            return page
        chosen = "sort=metadata.batch.asc"
        if item is not None:
            chosen = f"status={'submitted' if is_answered else 'pending'}&metadata=item.ge{item}.le{item}"
        return f"{page}/dataset/{quote(dataset, safe='')}/annotation-mode?{chosen}"
