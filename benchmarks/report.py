"""How benchmarks say what they measured: a table, with the machine and the date."""

import json
import os
import platform
import timeit
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, load average {os.getloadavg()[0]:.1f}, "
        f"`json.loads` of a batch {loads_time():.0f} µs"
    )


def loads_time() -> float:
    """The peer of every time: microseconds of `json.loads` for a BatchQueried of 20 texts (2.6 kB)."""
    item = {"item": 0, "rank": 0, "reason": "uncertain", "score": 0.5, "predicted": ["description"]}
    items = [{**item, "item": n, "rank": n, "probability": 0.5, "suggested": False} for n in range(20)]
    text = json.dumps({"batch": "0", "items": items, "seed": 0, "pool_version": "d", "seconds": 1.0})
    return min(timeit.repeat(lambda: json.loads(text), number=100, repeat=20)) * 1e4


def table(title: str, figures: Mapping[str, str]) -> str:
    """A page in Markdown: the title, the date and the machine, then a row for each figure."""
    wide = max(map(len, figures))
    rows = "\n".join(f"| {name:<{wide}} | {figure} |" for name, figure in figures.items())
    return (
        f"# {title}\n\n{datetime.now(UTC):%Y-%m-%d}, {machine()}\n\n| what | measured |\n|---|---|\n{rows}\n"
    )


def comparison(title: str, columns: Mapping[str, Mapping[str, str]]) -> str:
    """The same with a column for each peer, all measured in one run."""
    figures = list(next(iter(columns.values())))
    wide = max(map(len, figures))
    rows = "\n".join(
        f"| {name:<{wide}} | " + " | ".join(column[name] for column in columns.values()) + " |"
        for name in figures
    )
    return (
        f"# {title}\n\n{datetime.now(UTC):%Y-%m-%d}, {machine()}\n\n| what | {' | '.join(columns)} |\n"
        f"|---{'|---' * len(columns)}|\n{rows}\n"
    )


def publish(name: str, text: str) -> None:
    """Print the page and keep it as `results/<name>.md`."""
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
