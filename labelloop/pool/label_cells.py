"""What the cells of a label column say of texts: one label each, or several. How labels are written. Pure."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from labelloop.errors import UserError

WHOLE = re.compile(r"([+-]?\d+)\.0+")
Gold = str | tuple[str, ...]
"""What a source says of a text: its label; or all its labels, where it may have several, or none of them."""
ONE, SEVERAL = "label", "labels"
"""The columns of the labels, unless they are named."""


def whole(number: str) -> str:
    """A whole number without decimals: a column of numbers has them as soon as one is missing."""
    match = WHOLE.fullmatch(number)
    return match[1] if match else number


@lru_cache(maxsize=4096)
def label_name(label: str) -> str:
    """A label as a project has it: in NFC, without surrounding space, a whole number without decimals."""
    return whole(unicodedata.normalize("NFC", label.strip()))


def quoted(names: Iterable[str]) -> str:
    """Names in quotes, so that spaces and commas in them are seen."""
    return ", ".join(map(repr, names))


def as_csv(names: Iterable[str]) -> str:
    """Names as `--labels` takes them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


class NoLabels(ValueError):
    """A cell that holds something else; its message says what."""


@dataclass(frozen=True, slots=True)
class Cells:
    """How label cells are read. `several`: whether a text may have several; None: if all cells are lists.

    Of several, a cell is a list, one as JSON, or labels with the `separator` between them. A missing or empty
    cell says nothing; an empty list, or the separator alone, says that no label fits.
    """

    several: bool | None = None
    separator: str | None = None

    def column(self, names: Collection[str]) -> str | None:
        """The default column of the labels, if there is one."""
        preferred = (SEVERAL, ONE) if self.several else (ONE, SEVERAL)
        return next((name for name in preferred if name in names), None)

    def knowing(self, values: Sequence[object]) -> "Cells":
        """The same, where these values tell whether there are several."""
        if self.several is not None:
            return self
        present = [value for value in values if value is not None]
        return Cells(
            bool(present) and all(isinstance(value, list | tuple) for value in present), self.separator
        )

    def gold(self, value: object) -> Gold | None:
        """What a cell says; None: nothing. Raises NoLabels."""
        if value is None or value != value:
            return None
        if not self.several:
            return _name(value, "one label") or None
        parts = self._parts(value)
        if parts is None:
            return None
        return tuple(sorted({name for part in parts if (name := _name(part, "labels"))}))

    def _parts(self, value: object) -> Sequence[object] | None:
        if isinstance(value, list | tuple):
            return value
        if not isinstance(value, str):
            return [value]
        if not value.strip():
            return None
        listed = _list(value)
        if listed is not None:
            return listed
        return value.split(self.separator) if self.separator else [value]


def _name(value: object, expected: str) -> str:
    if not isinstance(value, str | int | float):
        raise NoLabels(f"a {type(value).__name__}, not {expected}")
    is_whole = isinstance(value, float) and value.is_integer()
    return label_name(str(int(value)) if is_whole else str(value))


def _list(text: str) -> list[Any] | None:
    """A list as JSON writes it, such as the one in a CSV export."""
    if not text.lstrip().startswith("["):
        return None
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return listed if isinstance(listed, list) else None


def names_in(golds: Iterable[Gold | None]) -> set[str]:
    """All labels that occur."""
    return {name for gold in golds if gold is not None for name in names_of(gold)}


def names_of(gold: Gold) -> tuple[str, ...]:
    return (gold,) if isinstance(gold, str) else gold


def ordered(gold: Gold | None, labels: Sequence[str]) -> Gold | None:
    """The same, with several labels in the order of a project's."""
    return gold if gold is None or isinstance(gold, str) else tuple(name for name in labels if name in gold)


def called(gold: Gold | None, names: Mapping[str, str]) -> Gold | None:
    """The same by other names. A label that has none keeps its own."""
    if gold is None or isinstance(gold, str):
        return gold and names.get(gold, gold)
    return tuple(dict.fromkeys(names.get(label, label) for label in gold))


def label_text(gold: Gold) -> str:
    """What a text has, in quotes."""
    return repr(gold) if isinstance(gold, str) else repr(as_csv(gold)) if gold else "none of the labels"


def check_separator(separator: str, labels: Iterable[str]) -> None:
    """Raises UserError for a separator that stands in a label."""
    for label in labels:
        if separator in label:
            raise UserError(
                f"the label {label!r} holds the --label-separator {separator!r}: give another separator, or "
                "lists in JSON"
            )
