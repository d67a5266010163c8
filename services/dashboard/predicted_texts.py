"""What a page shows of the texts for which a model's predictions were recorded. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labelloop.loop.labels import named

TEST, POOL = "test", "pool"
Content = Mapping[str, Any]
"""What was read of a file with predictions."""
Labels = tuple[str, ...]


@dataclass(frozen=True)
class PredictedText:
    """A text by its number in the test set or the pool, and what a model says of it. `gold`: what is true."""

    item: int
    predicted: Labels
    probability: float
    gold: Labels | None = None


@dataclass(frozen=True)
class PredictionsFilter:
    """Which texts: those that are and that are predicted as these labels, by name. `wrong`: only mistakes."""

    part: str = TEST
    gold: str = ""
    predicted: str = ""
    wrong: bool = False


def as_called(called: Mapping[str, str], labels: Iterable[str]) -> str:
    """Labels of the log in one line, as they are `called` now."""
    return named([called.get(label, label) for label in labels])


def matching(content: Content, chosen: PredictionsFilter) -> list[PredictedText]:
    """The texts for which the filter holds, those of which the model is surest first."""
    texts = [text for text in _texts(content, chosen.part) if _holds(chosen, text)]
    return sorted(texts, key=lambda text: (-text.probability, text.item))


def of_item(content: Content, item: int) -> PredictedText | None:
    """What the model says of a text of the pool. None: it was not asked."""
    items = content[POOL]["items"]
    return _text(content, POOL, items.index(item)) if item in items else None


def counts(content: Content) -> Mapping[str, int]:
    """How many texts of the pool each label is predicted for."""
    sets, by_set = content["sets"], Counter(content[POOL]["predicted"])
    counts = Counter[str]()
    for number, texts in by_set.items():
        counts.update(dict.fromkeys(sets[number], texts))
    return {label: counts[label] for label in content["labels"]}


def _texts(content: Content, part: str) -> Iterator[PredictedText]:
    for row in range(len(content[part]["items"])):
        yield _text(content, part, row)


def _text(content: Content, part: str, row: int) -> PredictedText:
    rows, sets = content[part], content["sets"]
    gold = None if rows["gold"] is None else tuple(sets[rows["gold"][row]])
    return PredictedText(
        rows["items"][row], tuple(sets[rows["predicted"][row]]), rows["probabilities"][row], gold
    )


def _holds(chosen: PredictionsFilter, text: PredictedText) -> bool:
    return (
        (not chosen.gold or (text.gold is not None and chosen.gold in text.gold))
        and (not chosen.predicted or chosen.predicted in text.predicted)
        and (not chosen.wrong or (text.gold is not None and text.gold != text.predicted))
    )
