"""Labels as the answer to the label question, and back."""

from typing import Any

QUESTION = "label"
QUESTION_TYPES = {"single-label": "label_selection"}


def to_value(labels: tuple[str, ...]) -> str:
    """The value of a single-label answer; ValueError unless there is exactly one label."""
    (label,) = labels
    return label


def to_values(labels: tuple[str, ...]) -> dict[str, Any] | None:
    """A response's values, None without a label."""
    return {QUESTION: {"value": to_value(labels)}} if labels else None


def from_value(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def from_values(values: dict[str, Any] | None) -> tuple[str, ...]:
    answer = (values or {}).get(QUESTION)
    return from_value(answer["value"]) if answer else ()
