"""From which probability on a label of a multi-label text counts, as a model's folder says.

This module imports nothing heavy.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from labelloop.errors import UserError

FILE = "thresholds.json"
USUAL = 0.5


def read(folder: Path, labels: Sequence[str]) -> tuple[float, ...]:
    """The threshold of each label, in their order: a label counts at it or above.

    It is 0.5 for each if the folder names none. Raises UserError if there is not one for each.
    """
    file = folder / FILE
    try:
        content = json.loads(file.read_bytes())
        thresholds = tuple(map(float, content.values()))
    except FileNotFoundError:
        return (USUAL,) * len(labels)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{file} has no thresholds for the labels; restore the model's folder") from error
    if len(thresholds) != len(labels):
        raise UserError(f"{file} has not one threshold for each label; restore the model's folder")
    if not all(0 < threshold < 1 for threshold in thresholds):
        raise UserError(f"{file} has a threshold that is not between 0 and 1; restore the model's folder")
    return thresholds


def write(folder: Path, labels: Sequence[str], thresholds: Sequence[float]) -> None:
    """Write them into a model's folder."""
    content = dict(zip(labels, map(float, thresholds), strict=True))
    (folder / FILE).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
