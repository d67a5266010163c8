"""Charts as numbers: a page draws them, shows them as a table, and gives them as CSV."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labelloop.pool.formulas import safe
from services.dashboard.text_direction import CONTROLS

Cell = str | int | float | None


@dataclass(frozen=True)
class Chart:
    """A chart of a kind that `charts.js` draws. `rows` have a value for each of `columns`.

    `says`: what it shows, in a sentence. `facts`: what the drawing needs beside the rows. `times`: the
    columns that hold moments.
    """

    name: str
    title: str
    kind: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    says: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    times: tuple[str, ...] = ()

    @property
    def drawing(self) -> str:
        """What the script draws, as JSON."""
        content = {
            "kind": self.kind,
            "title": self.title,
            "columns": self.columns,
            "rows": self.rows,
            "facts": self.facts,
        }
        # A canvas has no elements that would keep directions apart.
        return json.dumps(content, ensure_ascii=False).translate(
            {code: f"\\{escape}" for code, escape in CONTROLS.items()}
        )

    @property
    def csv(self) -> str:
        """The numbers as CSV, moments in UTC. No text is a formula where a spreadsheet opens it."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerows([_harmless(cell) for cell in row] for row in (self._header, *self.rows))
        return text.getvalue()

    @property
    def _header(self) -> Sequence[str]:
        return [f"{name} (UTC)" if name in self.times else name for name in self.columns]


def _harmless(cell: Cell) -> Cell:
    return safe(cell) if isinstance(cell, str) else cell
