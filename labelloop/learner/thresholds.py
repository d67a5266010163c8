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

    It is 0.5 for each if the folder names none. Raises UserError if they are not those of the labels.
    """
    file = folder / FILE
    try:
        content = json.loads(file.read_bytes())
        found = tuple(float(content[label]) for label in labels)
    except FileNotFoundError:
        return (USUAL,) * len(labels)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{file} has no thresholds for the labels; restore the model's folder") from error
    if not all(0 < threshold < 1 for threshold in found):
        raise UserError(f"{file} has a threshold that is not between 0 and 1; restore the model's folder")
    return found


def write(folder: Path, labels: Sequence[str], thresholds: Sequence[float]) -> None:
    """Write them into a model's folder."""
    content = dict(zip(labels, map(float, thresholds), strict=True))
    (folder / FILE).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
