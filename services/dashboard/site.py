"""What all pages share: what they read, how they are drawn, and how values look."""

import json
import re
import shlex
import time as clock
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from labelloop.config.dashboard import DashboardSettings
from labelloop.config.environment import own_version
from labelloop.config.home import DEFAULT, MARK
from labelloop.doctor import Finding
from labelloop.log.base import DeadLetter
from labelloop.loop.history import History
from services.dashboard.argilla_links import Places
from services.dashboard.from_store import FromStore
from services.dashboard.live import Hub
from services.dashboard.queries import Queries
from services.dashboard.read_model import ReadModel
from services.dashboard.recorded_predictions import RecordedPredictions
from services.dashboard.search import Search
from services.dashboard.service_states import Look
from services.dashboard.store_looks import Folders, WhatIfs
from services.dashboard.text_direction import Directions, isolated, visible
from services.dashboard.text_queries import TextQueries
from services.dashboard.unasked_texts import Beginnings

LARGEST = 2**62
TEMPLATES = Path(__file__).parent / "templates"
NONE = "–"
MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?\+\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True)
class Tab:
    """An entry of the navigation."""

    path: str
    title: str


TABS = (
    Tab("/", "Projects"),
    Tab("/texts", "Texts"),
    Tab("/models", "Models"),
    Tab("/events", "Events"),
    Tab("/services", "Services"),
)


class Site:
    """Draws pages. A page is a template and what it is given."""

    def __init__(
        self, settings: DashboardSettings, queries: Queries, texts: TextQueries, model: ReadModel, hub: Hub
    ) -> None:
        self.settings = settings
        self.queries = queries
        self.texts = texts
        self.search = Search(model)
        self.hub = hub
        self.letters: list[DeadLetter] = []
        self.looks: tuple[Look, ...] = ()
        self.findings: list[Finding] = []
        self.places = Places(settings, queries, hub)
        self.history: Callable[[str], History] | None = None
        self.store = FromStore(settings.store)
        self.recorded = RecordedPredictions(self.store, model, hub)
        self.folders = Folders(self.store, hub)
        self.what_ifs = WhatIfs(self.store, hub)
        self.beginnings = Beginnings(self.store, texts)
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=[Directions],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            {
                "time": time,
                "moment": moment,
                "number": number,
                "percent": percent,
                "interval": interval,
                "json": as_json,
                "cell": cell,
                "coded": coded,
                "excerpt": excerpt,
                "points": points,
                "size": size,
                "elapsed": elapsed,
                "isolated": isolated,
                "visible": visible,
                "quoted": shlex.quote,
            }
        )
        self._templates.globals.update(
            {"tabs": TABS, "version": own_version() or "", "dash": NONE, "where": where_of(settings.run)}
        )

    def card(self, project: str, card: Mapping[str, Any]) -> dict[str, Any]:
        """A project's card with what only a look at the clock and the services tells."""
        now = datetime.now(UTC).isoformat()
        return {
            **card,
            "running": [
                (look.service, work) for look in self.looks for work in look.work if work.project == project
            ],
            "alerts": [alert for alert in card["alerts"] if (alert["begins"] or now) <= now],
        }

    def draw(
        self, request: Request, template: str, *, title: str, status: int = 200, **given: Any
    ) -> HTMLResponse:
        """The page. `title`: what its tab of the browser is called."""
        page = self._templates.get_template(template).render(
            title=title, path=request.url.path, now=clock.time(), **given
        )
        return HTMLResponse(page, status)


def whole_number(text: str | None) -> int | None:
    """The number that an address names, if it is one that could be kept."""
    return min(int(text), LARGEST) if text is not None and text.isdecimal() and len(text) < 20 else None


def page_start(text: str | None) -> int:
    """From which row on a page of a list is shown, as its address says; from the first one otherwise."""
    return int(text) if text is not None and text.isdecimal() and len(text) < 7 else 0


def elapsed(seconds: float) -> str:
    """How long something has been going on. The page's script counts on, in the same words."""
    whole = max(0, int(seconds))
    minutes, hours = whole // 60, whole // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def time(value: str | datetime | None) -> str:
    """A time, which the page's script shows in the reader's zone."""
    if value is None:
        return NONE
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return Markup('<time datetime="{}">{} UTC</time>').format(
        moment.isoformat(), moment.strftime("%Y-%m-%d %H:%M:%S")
    )


def moment(seconds: float) -> str:
    """A time of the system's clock."""
    return time(datetime.fromtimestamp(seconds, UTC))


def number(value: float | None, digits: int = 0) -> str:
    """A number with its thousands apart."""
    return NONE if value is None else f"{value:,.{digits}f}".replace(",", "\u202f")


def percent(value: float | None, digits: int = 1) -> str:
    return NONE if value is None else f"{value * 100:.{digits}f} %"


def points(difference: float) -> str:
    """A difference of shares, in percentage points."""
    return f"{difference * 100:+.1f}".replace("-", "\u2212")


def size(count: int) -> str:
    """So many bytes."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"


def interval(figures: Mapping[str, Any]) -> str:
    """The bounds of an interval of shares, or nothing."""
    low, high = figures.get("low"), figures.get("high")
    return "" if low is None or high is None else f"{low * 100:.1f} – {high * 100:.1f} %"


def cell(value: str | float | None, is_time: bool = False) -> str:
    """A value of a table of numbers."""
    if is_time and isinstance(value, str):
        return time(value)
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return NONE if value is None else str(value)


def where_of(run: Path | None) -> str:
    """The option that a command needs to work on the home whose services run here, if it is not the usual."""
    home = None if run is None else run.absolute().parent
    if home is None or home == DEFAULT.absolute() or not (home / MARK).is_file():
        return ""
    return f" --home {shlex.quote(str(home))}"


def coded(text: str, where: str = "") -> Markup:
    """A text with its times, and its commands, which stand between backticks, as code.

    Commands get `where`, if they lack it.
    """
    parts = enumerate(text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(isolated(_with(part, where))) if place % 2 else _timed(part)
        for place, part in parts
    )


def _timed(text: str) -> Markup:
    parts = enumerate(MOMENT.split(text))
    return Markup("").join(_moment(part) if place % 2 else escape(isolated(part)) for place, part in parts)


def _moment(text: str) -> Markup | str:
    try:
        return Markup(time(text))
    except ValueError:
        return escape(text)


def _with(command: str, where: str) -> str:
    needs_it = command.startswith("labelloop ") and "--home" not in command
    return command + where if needs_it else command


def excerpt(text: str, most: int = 160) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text[: most * 8].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def as_json(value: Any) -> Markup:
    """JSON for people, as text."""
    return escape(visible(json.dumps(value, ensure_ascii=False, indent=2)))


def sparkline(points: Sequence[Mapping[str, float]], width: int = 120, height: int = 28) -> str:
    """The points of a line, scaled into a box, for an SVG."""
    if len(points) < 2:
        return ""
    xs = [point["labels"] for point in points]
    ys = [point["value"] for point in points]
    across, up = (max(xs) - min(xs)) or 1, (max(ys) - min(ys)) or 1
    return " ".join(
        f"{2 + (x - min(xs)) / across * (width - 4):.1f},{height - 3 - (y - min(ys)) / up * (height - 6):.1f}"
        for x, y in zip(xs, ys, strict=True)
    )
