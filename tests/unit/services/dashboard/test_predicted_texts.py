"""Which texts of a model's predictions a page shows."""

from typing import Any

from services.dashboard.predicted_texts import POOL, PredictionsFilter, counts, matching, of_item

CONTENT: dict[str, Any] = {
    "labels": ["spam", "ham", "news"],
    "sets": [["spam"], ["ham"], ["spam", "ham"]],
    "test": {"items": [0, 1, 2], "predicted": [0, 1, 2], "probabilities": [0.5, 0.9, 0.7], "gold": [0, 0, 2]},
    "pool": {"items": [7, 8], "predicted": [2, 1], "probabilities": [0.6, 0.8], "gold": None},
}


def items(chosen: PredictionsFilter) -> list[int]:
    return [text.item for text in matching(CONTENT, chosen)]


def test_texts_are_those_of_a_cell_the_surest_first() -> None:
    assert items(PredictionsFilter()) == [1, 2, 0]
    assert items(PredictionsFilter(gold="spam", predicted="ham")) == [1, 2]
    assert items(PredictionsFilter(wrong=True)) == [1]
    assert items(PredictionsFilter(predicted="nothing")) == []
    assert items(PredictionsFilter(POOL, predicted="ham")) == [8, 7]
    assert items(PredictionsFilter(POOL, gold="ham")) == items(PredictionsFilter(POOL, wrong=True)) == []


def test_each_of_several_labels_counts() -> None:
    assert counts(CONTENT) == {"spam": 1, "ham": 2, "news": 0}


def test_a_text_that_no_model_is_asked_has_nothing() -> None:
    assert of_item(CONTENT, 9) is None
    text = of_item(CONTENT, 7)
    assert text is not None
    assert (text.predicted, text.probability, text.gold) == (("spam", "ham"), 0.6, None)
