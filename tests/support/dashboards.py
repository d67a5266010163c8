"""A read model that was filled from records, and pages over it, without a process."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from labelloop.config.dashboard import DashboardSettings
from labelloop.log.base import Record
from schemas.envelope import Event, new_event
from schemas.events import EventData
from services.dashboard.application import application
from services.dashboard.figures import quick_figures, thorough_figures
from services.dashboard.guard import Guard
from services.dashboard.live import Hub
from services.dashboard.projection import Projector
from services.dashboard.queries import Queries
from services.dashboard.read_model import ReadModel
from services.dashboard.site import Site
from services.dashboard.text_queries import TextQueries
from tests.support.states import PROJECT

IDENTITY = "log-1"
TOKEN = "token-of-a-test"
PORT = 6910


def records(*facts: EventData, project: str = PROJECT, first: int = 0) -> list[Record]:
    """The facts as records of a log, from this offset on, each caused by the one before."""
    events: list[Event] = []
    for fact in facts:
        cause = events[-1].id if events else None
        events.append(new_event(project, fact, source="tests", cause=cause))
    return [Record(0, first + number, event) for number, event in enumerate(events)]


class Pages:
    """The pages over a folder's read model."""

    def __init__(self, folder: Path, identity: str = IDENTITY) -> None:
        self.model = ReadModel(folder, identity)
        self.projector = Projector(self.model, identity)
        reader = self.model.reader()
        self.queries, self.texts = Queries(reader), TextQueries(reader)
        self.settings = DashboardSettings(log="sqlite:///log", state=folder, names=("dash.example",))
        self.site = Site(self.settings, self.queries, self.texts, self.model, Hub())
        self.site.history = self.projector.history

    def take(self, taken: Sequence[Record]) -> set[str]:
        """Take records, and keep the figures of what changed."""
        changed = self.projector.take(taken)
        for project in changed:
            self.projector.figure(project, quick_figures)
            asyncio.run(self.projector.figure_beside(project, thorough_figures))
        return changed

    @property
    def app(self) -> Guard:
        return application(self.site, TOKEN, PORT)
