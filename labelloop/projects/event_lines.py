"""What events say, in a few words. Pure."""

from collections.abc import Sequence
from typing import Any

MOST_OFFSETS = 12


def about(data: Any) -> str:
    """A short description of an event: its batch or model, and its size."""
    if not isinstance(data, dict):
        return ""
    shown = (
        "batch",
        "revision",
        "model",
        "attempt",
        "service",
        "due",
        "labels",
        "accuracy",
        "error",
        "why",
        "reason",
        "suggester",
        "llm",
        "cost",
    )
    facts = [
        f"{name} {_rounded(name, data[name])}"
        for name in shown
        if isinstance(data.get(name), str | int | float) and data[name] != ""
    ]
    if isinstance(called := data.get("names"), list):
        retired = data.get("retired") or ()
        label_names = (
            f"{name} (retired)" if place in retired else str(name) for place, name in enumerate(called)
        )
        facts.append(f"labels {', '.join(label_names)}")
    if isinstance(snapshot := data.get("snapshot"), dict):
        facts.append(_texts(snapshot.get("size")))
    if isinstance(topic := data.get("topic"), dict) and isinstance(offsets := topic.get("offsets"), list):
        facts.append(f"from {read_up_to(str(topic.get('topic')), offsets)}")
    if isinstance(data.get("items"), list):
        facts.append(_texts(len(data["items"])))
    return ", ".join(facts)


def _rounded(name: str, value: object) -> object:
    if not isinstance(value, float):
        return value
    return f"{value:.3f}" if name == "accuracy" else f"{value:.4g}"


def _texts(count: object) -> str:
    return f"{count} text" if count == 1 else f"{count} texts"


def read_up_to(topic: str, offsets: Sequence[object]) -> str:
    """A topic, and the offsets of its partitions up to which it was read."""
    shown = ", ".join(map(str, offsets[:MOST_OFFSETS]))
    return f"{topic}, read up to offset {shown}{' …' if offsets[MOST_OFFSETS:] else ''}"
