"""The lines of the live view."""

from labelloop.loop.progress import BatchLine

HEADER = f"{'batch':>8} {'labels':>7} {'accuracy':>9} {'trained':>9} {'picked':>8} {'waited':>8}"


def format_line(line: BatchLine, project: str | None = None) -> str:
    """One line a batch under HEADER; the project's name after it, where there are several."""
    accuracy = "-" if line.accuracy is None else f"{line.accuracy:.3f}"
    cells = (
        f"{line.name:>8} {line.labels:>7} {accuracy:>9} "
        f"{_seconds(line.trained):>9} {_seconds(line.picked):>8} {_seconds(line.waited):>8}"
    )
    return f"{cells}  {project}" if project else cells


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f} s"
