"""What the owner of a new project should know of its labels. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from labelloop.pool.words import as_csv, quoted

SHOWN = 10
SEVERAL = " (a text may have several, or none of them)"


def label_notes(
    labels: Sequence[str], labels_of: Mapping[int, tuple[str, ...]], several: bool = False
) -> Iterator[str]:
    """The labels in one line, then those that look like one, then those that no known label shows.

    `labels_of`: known labels by pool item. `several`: whether a text may have several.
    """
    shown = f"{', '.join(as_csv([label]) for label in labels[:SHOWN])}{_more(labels)}"
    yield f"labels: {shown}{SEVERAL if several else ''}"
    for alike in _alike(labels):
        yield (
            f"the labels {quoted(alike)} differ only in case or spaces: if they mean the same, write them "
            "alike and make the project again with another --name"
        )
    used = {name for names in labels_of.values() for name in names}
    unseen = [label for label in labels if labels_of and label not in used]
    if unseen:
        shown = f"{quoted(unseen[:SHOWN])}{_more(unseen)}"
        yield f"no text has the known label {shown}: no model learns what people have not given to any text"


def _more(labels: Sequence[str]) -> str:
    return f" … ({len(labels)})" if labels[SHOWN:] else ""


def _alike(labels: Sequence[str]) -> list[list[str]]:
    groups = (list(group) for _, group in groupby(sorted(labels, key=_look), key=_look))
    return [group for group in groups if len(group) > 1]


def _look(label: str) -> str:
    return "".join(label.casefold().split())
