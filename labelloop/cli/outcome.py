"""What a finished loop leaves: a curve, a model, the labels."""

import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labelloop.cli import plots
from labelloop.cli.view.screen import Screen
from labelloop.home import Home
from labelloop.loop.digest import loop_digest
from labelloop.loop.figures import audits, curve, spread, waits
from labelloop.loop.labels import current
from labelloop.loop.state import LoopState
from labelloop.projects.export import rows
from labelloop.projects.formats import write_rows
from labelloop.store import Store


@dataclass(frozen=True)
class Kept:
    """The files that were written; `png` None where nothing was tested or audited."""

    export: Path
    png: Path | None


def keep(home: Home, store: Store, state: LoopState) -> Kept:
    """Write the labels and the curve into the home's exports. Raises UserError."""
    export = home.exports / f"{state.project_id}.jsonl"
    write_rows(list(rows(state, store)), export, "jsonl")
    points, audited = curve(state), audits(state)
    png = home.exports / f"{state.project_id}-curve.png" if points or audited else None
    if png is not None:
        plots.draw_png(points, state.project.name if state.project else "", png, audited)
    return Kept(export, png)


def outcome(store: Store, state: LoopState, kept: Kept) -> dict[str, Any]:
    """The figures of the loop as JSON values; seconds of training and picking are sums."""
    trained = state.models.get(state.latest_model) if state.latest_model else None
    return {
        "project": state.project_id,
        "batches": len(state.batches),
        "labels": len(current(state)),
        "accuracy": [{"labels": point.labels, "accuracy": point.accuracy} for point in curve(state)],
        "wait_seconds": asdict(spread(list(waits(state).values()))),
        "train_seconds": sum(each.first.seconds for each in state.models.values()),
        "query_seconds": sum(batch.queried.seconds for batch in state.batches.values()),
        "model": store.address(trained.latest.artifact) if trained else None,
        "export": str(kept.export),
        "digest": loop_digest(state),
    }


def tell(home: Home, state: LoopState, found: dict[str, Any], kept: Kept, screen: Screen) -> None:
    """Print the curve, where everything lies and how to look again."""
    points = curve(state)
    screen.line()
    if points:
        screen.line(plots.draw_text(points, state.project.name if state.project else ""))
    waited = found["wait_seconds"]
    screen.line(
        f"annotators waited {waited['p50']:.1f} s (median batch), {waited['p95']:.1f} s (95 %), "
        f"{waited['max']:.1f} s at most"
    )
    screen.line(f"model   {found['model']}")
    screen.line(f"labels  {found['export']}")
    if kept.png:
        screen.line(f"curve   {kept.png}")
    screen.line(f"look    labelloop status --home {shlex.quote(str(home.path))}")
