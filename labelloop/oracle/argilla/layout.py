"""What a data set of labelloop is made of, as the API wants it."""

from typing import Any

from labelloop.oracle.argilla.guidelines import GUIDELINES
from labelloop.oracle.argilla.models import DatasetSpec
from labelloop.oracle.argilla.values import QUESTION, QUESTION_TYPES

TEXT_FIELD = "text"
METADATA = {
    "batch": ("Batch", "integer"),
    "rank": ("Rank in the batch", "integer"),
    "item": ("Pool item", "integer"),
    "reason": ("Why it was picked", "terms"),
    "model": ("Picked by model", "terms"),
}


def dataset(spec: DatasetSpec, workspace_id: str) -> dict[str, Any]:
    return {
        "name": spec.name,
        "workspace_id": workspace_id,
        "guidelines": spec.guidelines or GUIDELINES,
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": spec.min_submitted},
    }


def field() -> dict[str, Any]:
    return {
        "name": TEXT_FIELD,
        "title": "Text",
        "required": True,
        "settings": {"type": "text", "use_markdown": False},
    }


def question(spec: DatasetSpec) -> dict[str, Any]:
    options = [{"value": label, "text": label} for label in spec.labels]
    return {
        "name": QUESTION,
        "title": spec.title,
        "required": True,
        "settings": {"type": QUESTION_TYPES[spec.task], "options": options},
    }


def metadata_properties() -> list[dict[str, Any]]:
    return [
        {"name": name, "title": title, "settings": {"type": kind}, "visible_for_annotators": True}
        for name, (title, kind) in METADATA.items()
    ]
