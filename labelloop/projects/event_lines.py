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
        f"{name} {data[name]}"
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
        facts.append(f"{snapshot.get('size')} texts")
    if isinstance(topic := data.get("topic"), dict) and isinstance(offsets := topic.get("offsets"), list):
        facts.append(f"from {read_up_to(str(topic.get('topic')), offsets)}")
    if isinstance(data.get("items"), list):
        facts.append(f"{len(data['items'])} texts")
    return ", ".join(facts)


def read_up_to(topic: str, offsets: Sequence[object]) -> str:
    """A topic, and the offsets of its partitions up to which it was read."""
    shown = ", ".join(map(str, offsets[:MOST_OFFSETS]))
    return f"{topic}, read up to offset {shown}{' …' if offsets[MOST_OFFSETS:] else ''}"
