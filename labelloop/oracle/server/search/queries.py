"""What a text query asks of a document."""

from dataclasses import dataclass
from typing import Protocol

from labelloop.oracle.server.search.words import Document


class Query(Protocol):
    """A part of a text query."""

    def holds(self, document: Document) -> bool:
        """Whether the document meets it; each leaf looks for one text that meets it whole."""
        ...


@dataclass(frozen=True)
class Words:
    """All of these words, in any order."""

    words: tuple[str, ...]

    def holds(self, document: Document) -> bool:
        if not all(map(document.may_hold, self.words)):
            return False
        return any(set(text).issuperset(self.words) for text in document.texts)


@dataclass(frozen=True)
class Phrase:
    """These words one after the other."""

    words: tuple[str, ...]

    def holds(self, document: Document) -> bool:
        if not all(map(document.may_hold, self.words)):
            return False
        wanted, length = list(self.words), len(self.words)
        return any(wanted == text[at : at + length] for text in document.texts for at in range(len(text)))


@dataclass(frozen=True)
class Prefix:
    """A word that starts so."""

    start: str

    def holds(self, document: Document) -> bool:
        if not document.may_hold(self.start):
            return False
        return any(word.startswith(self.start) for text in document.texts for word in text)


@dataclass(frozen=True)
class Fuzzy:
    """A word that becomes this one by at most `edits` insertions, deletions or replacements (Levenshtein)."""

    word: str
    edits: int

    def holds(self, document: Document) -> bool:
        return any(_distance(word, self.word) <= self.edits for text in document.texts for word in text)


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Query

    def holds(self, document: Document) -> bool:
        return not self.part.holds(document)


@dataclass(frozen=True)
class Both:
    """Both parts hold."""

    left: Query
    right: Query

    def holds(self, document: Document) -> bool:
        return self.left.holds(document) and self.right.holds(document)


@dataclass(frozen=True)
class Either:
    """One part holds at least."""

    left: Query
    right: Query

    def holds(self, document: Document) -> bool:
        return self.left.holds(document) or self.right.holds(document)


def _distance(left: str, right: str) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        above, row[0] = row[0], i
        for j, b in enumerate(right, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]
