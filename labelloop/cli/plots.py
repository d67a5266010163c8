"""The learning curve, drawn."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from labelloop.errors import UserError
from labelloop.loop.figures import Point

WIDTH, HEIGHT, TICKS = 78, 18, 10


def draw_text(points: Sequence[Point], title: str) -> str:
    """The curve in characters, without colours."""
    import plotext  # type: ignore[import-untyped]

    labels, accuracy = [p.labels for p in points], [p.accuracy for p in points]
    figure = plotext.figure
    figure.clear()
    figure.plot_size(min(WIDTH, shutil.get_terminal_size().columns), HEIGHT)
    figure.draw(figure.signal(labels, accuracy, marker="braille").lines())
    figure.draw(figure.signal(labels, accuracy, marker="●"))
    figure.ruler("x", 0).lim(0, max(labels)).ticks(labels[:: 1 + len(labels) // TICKS])
    figure.ruler("y", 0).lim(0, 1)
    figure.title(f"{title}: accuracy on the test set")
    figure.label("labels", "x")
    return str(plotext.uncolorize(str(figure.build())))


def draw_png(points: Sequence[Point], title: str, path: Path) -> None:
    """The curve as a picture. Raises UserError when it cannot be written."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    labels = [p.labels for p in points]
    axes.plot(labels, [p.accuracy for p in points], marker="o", label="accuracy")
    axes.plot(labels, [p.macro_f1 for p in points], marker=".", linestyle="--", label="macro-F1")
    axes.set(title=title, xlabel="labels", ylabel="on the test set", ylim=(0, 1))
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png", dpi=144)
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror}): give another file") from error
    finally:
        pyplot.close(figure)
