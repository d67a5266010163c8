"""What a model says of texts, as a table: the likeliest label of each, or several, and how probable it is."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from labelloop.learner.requests import SCORED_AT_A_TIME
from labelloop.pool.prepare import key
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.formats import Row, Table, own_name
from labelloop.projects.formats import tables as c
from labelloop.projects.predictions.answers import counting, likeliest
from labelloop.projects.predictions.calibration import Calibration
from labelloop.projects.predictions.staging import OWN, SOURCE
from schemas.events import ModelTrained

COLUMNS = {
    "text": c.TEXT,
    "label": c.TEXT,
    "probability": c.NUMBER,
    "calibrated": c.FLAG,
    "model": c.TEXT,
    "model_sha256": c.TEXT,
    "item": c.WHOLE,
    "source": c.TEXT,
    "source_row": c.WHOLE,
}
OF_SEVERAL = {
    "text": c.TEXT,
    "labels": c.TEXTS,
    "probabilities": c.NUMBERS,
    **{name: COLUMNS[name] for name in ("model", "model_sha256", "item", "source", "source_row")},
}
"""The columns where a text may have several labels."""


@dataclass(frozen=True)
class BestLabels:
    """The number of each text's likeliest label, its probability, and which texts are to be labelled.

    A text that is empty gets no label. One that is left out is in none of the rows.
    """

    classes: npt.NDArray[np.int32]
    probabilities: npt.NDArray[np.float64]
    is_empty: npt.NDArray[np.bool_]
    is_left_out: npt.NDArray[np.bool_]

    @property
    def text_count(self) -> int:
        """How many texts there are to label."""
        return int((~(self.is_left_out | self.is_empty)).sum())

    @property
    def highest(self) -> float:
        return float(self.probabilities[~(self.is_left_out | self.is_empty)].max(initial=0.0))

    def chosen(self, at_least: float | None) -> npt.NDArray[np.bool_]:
        """Which texts get a row: with a threshold, those that reach it."""
        if at_least is None:
            return ~self.is_left_out
        return ~(self.is_left_out | self.is_empty) & (self.probabilities >= at_least)


def best_labels(
    texts: OpenSnapshot,
    file_of: Callable[[int], Path],
    calibration: Calibration | None,
    left_out: Sequence[int],
) -> BestLabels:
    """Read the probabilities of each chunk. `left_out`: items that get no row."""
    size = len(texts)
    classes, best = np.zeros(size, np.int32), np.zeros(size)
    is_empty, is_left_out = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    is_left_out[list(left_out)] = True
    for number, start in enumerate(range(0, size, SCORED_AT_A_TIME)):
        stop = min(start + SCORED_AT_A_TIME, size)
        scores = np.load(file_of(number), allow_pickle=False)
        classes[start:stop], best[start:stop] = likeliest(scores, calibration)
        is_empty[start:stop] = [not key(text) for text in texts.part(start, stop).all_texts()]
    return BestLabels(classes, best, is_empty, is_left_out)


@dataclass(frozen=True)
class SeveralLabels:
    """From which probability on each label counts, and the file with the probabilities of each chunk."""

    thresholds: Sequence[float]
    file_of: Callable[[int], Path]

    def scores(self, start: int) -> npt.NDArray[np.float64]:
        """The probabilities of all labels, for the texts of the chunk that starts there."""
        scores: npt.NDArray[np.float64] = np.load(
            self.file_of(start // SCORED_AT_A_TIME), allow_pickle=False
        ).astype(np.float64)
        return scores


@dataclass(frozen=True)
class Predictions:
    """A snapshot of a pool, or of the texts of files, what was found, and the model that found it.

    `several`: where a text may have several labels.
    """

    texts: OpenSnapshot
    best_labels: BestLabels
    labels: Sequence[str]
    model: ModelTrained
    is_calibrated: bool
    own: Sequence[str]
    is_pool: bool
    several: SeveralLabels | None = None

    def table(self, at_least: float | None) -> Table:
        """The rows of the texts that reach the threshold, in their order."""
        ours = COLUMNS if self.several is None else OF_SEVERAL
        names = {name: own_name(name, self.own, ours) for name in self.own}
        columns = {**ours, **{names[name]: c.TEXT for name in self.own}}
        return Table(columns, self._parts(self.best_labels.chosen(at_least), names))

    def _parts(self, chosen: npt.NDArray[np.bool_], names: dict[str, str]) -> Iterator[list[Row]]:
        for start in range(0, len(self.texts), SCORED_AT_A_TIME):
            rows = np.flatnonzero(chosen[start : start + SCORED_AT_A_TIME]).tolist()
            if rows:
                part = self.texts.part(start, start + SCORED_AT_A_TIME)
                yield list(self._rows(part, start, rows, names))

    def _rows(self, part: OpenSnapshot, start: int, rows: list[int], names: dict[str, str]) -> Iterator[Row]:
        kept_values = part.kept_values(rows)
        scores = self.several.scores(start) if self.several else None
        for place, (row, text, source_row) in enumerate(
            zip(rows, part.texts(rows), part.source_rows(rows), strict=True)
        ):
            item = start + row
            values = {name: column[place] for name, column in kept_values.items()}
            source = None if self.is_pool else values[SOURCE]
            own = values if self.is_pool else json.loads(values[OWN] or "{}")
            if self.several is None or scores is None:
                prediction = self._likeliest(item)
            elif self.best_labels.is_empty[item]:
                prediction = {"labels": None, "probabilities": None}
            else:
                prediction = counting(self.labels, self.several.thresholds, scores[row].tolist())
            yield {
                "text": text,
                **prediction,
                "model": self.model.model,
                "model_sha256": self.model.sha256,
                "item": item if self.is_pool else None,
                "source": source,
                "source_row": source_row,
                **{names[name]: own.get(name) for name in self.own},
            }

    def _likeliest(self, item: int) -> Row:
        is_empty = self.best_labels.is_empty[item]
        return {
            "label": None if is_empty else self.labels[self.best_labels.classes[item]],
            "probability": None if is_empty else float(self.best_labels.probabilities[item]),
            "calibrated": self.is_calibrated,
        }
