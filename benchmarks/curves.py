"""Learning curves as they grow: one JSON line a step, and the table of their means."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median


@dataclass(frozen=True)
class Step:
    """A model of one run: what it scored, and the items that it picked for a later batch."""

    seed: int
    lookahead: int
    model: int
    labels: int
    accuracy: float
    macro_f1: float
    train_seconds: float
    query_seconds: float
    picks: tuple[int, ...]


class Steps:
    """The steps on file, of every run; a run that was stopped goes on from them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._steps = list(self._read())

    def of(self, seed: int, lookahead: int) -> list[Step]:
        """The steps of one run, in order."""
        return [step for step in self._steps if (step.seed, step.lookahead) == (seed, lookahead)]

    def add(self, step: Step) -> None:
        """Keep a step."""
        self._steps.append(step)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(step)) + "\n")

    def table(self) -> str:
        """Mean accuracy over the seeds by number of labels, one column for each lookahead, in Markdown."""
        lookaheads = sorted({step.lookahead for step in self._steps})
        heads = [f"lookahead {lookahead} (seeds {self._seeds(lookahead)})" for lookahead in lookaheads]
        lines = [f"| labels | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
        by_labels = self._accuracies()
        for labels in sorted({labels for labels, _ in by_labels}):
            cells = [_cell(by_labels[labels, lookahead]) for lookahead in lookaheads]
            lines.append(f"| {labels} | {' | '.join(cells)} |")
        train = median(step.train_seconds for step in self._steps)
        query = median(step.query_seconds for step in self._steps if step.picks)
        lines += ["", f"Median seconds, several runs at a time: training {train:.0f}, picking {query:.0f}."]
        return "\n".join(lines)

    def _read(self) -> Iterator[Step]:
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                values = json.loads(line)
                yield Step(**values | {"picks": tuple(values["picks"])})

    def _seeds(self, lookahead: int) -> str:
        return ", ".join(map(str, sorted({s.seed for s in self._steps if s.lookahead == lookahead})))

    def _accuracies(self) -> dict[tuple[int, int], list[float]]:
        found: dict[tuple[int, int], list[float]] = defaultdict(list)
        for step in sorted(self._steps, key=lambda step: step.seed):
            found[step.labels, step.lookahead].append(step.accuracy)
        return found


def _cell(accuracies: Sequence[float]) -> str:
    single = ", ".join(f"{accuracy:.3f}" for accuracy in accuracies)
    return f"**{mean(accuracies):.3f}** ({single})" if accuracies else ""
