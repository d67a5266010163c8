"""Elasticsearch's simple query string: `word "a phrase" start* -not (this | that) fuzy~1`, joined by AND.

Text is split into words in the same way as by its standard analyzer.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol

from labelloop.oracle.escaping import unescaped

IDEOGRAPH = "\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff"
WORD = re.compile(
    rf"[{IDEOGRAPH}]"
    rf"|[^\W{IDEOGRAPH}]+(?:(?:(?<=[^\W\d_])['’.·](?=[^\W\d_])|(?<=\d)['.,](?=\d))[^\W{IDEOGRAPH}]+)*"
)
MOST_EDITS = 2
DEEPEST = 100
LONGEST = 50_000
MOST_EXPANDED = 50
TOKEN = re.compile(r'"(?P<phrase>[^"]*)"(?:~\d+)?|(?P<sign>[()|+])|(?P<minus>-)(?=\S)|(?P<word>[^\s"()|+]+)')
FUZZY = re.compile(r"(?P<word>.+)~(?P<edits>\d+)")


def words(text: str) -> list[str]:
    """The words of a text in lower case. Each ideograph is a word."""
    return WORD.findall(text.lower())


class Document:
    """The fields of one record, as stored JSON. `field` restricts it to one of them.

    The texts of an `escaped` record are searched as people see them.
    """

    def __init__(self, fields: str, field: str | None, escaped: bool = False) -> None:
        self._fields = fields
        self._field = field
        self._escaped = escaped

    def may_hold(self, word: str) -> bool:
        """A quick check that excludes most records. The JSON escapes non-ASCII characters."""
        return not word.isascii() or word in self._lower

    @cached_property
    def _lower(self) -> str:
        return self._fields.lower()

    @cached_property
    def texts(self) -> list[list[str]]:
        """The words of each text in order."""
        fields = json.loads(self._fields)
        values = fields.values() if self._field is None else [fields.get(self._field)]
        texts = [text for value in values for text in _texts(value)]
        return [words(unescaped(text) if self._escaped else text) for text in texts]

    @cached_property
    def vocabularies(self) -> list[set[str]]:
        """The words of each text without order."""
        return [set(text) for text in self.texts]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for message in value:
            yield from _texts(message["content"])
    elif value is not None:
        yield str(value)


class Query(Protocol):
    """A part of a text query."""

    def holds(self, document: Document) -> bool:
        """Whether the document matches. Each leaf must match within a single text."""
        ...


@dataclass(frozen=True)
class Words:
    """All of these words, in any order."""

    words: tuple[str, ...]

    def holds(self, document: Document) -> bool:
        if not all(map(document.may_hold, self.words)):
            return False
        return any(text.issuperset(self.words) for text in document.vocabularies)


@dataclass(frozen=True)
class Phrase:
    """These words in sequence."""

    words: tuple[str, ...]

    def holds(self, document: Document) -> bool:
        if not all(map(document.may_hold, self.words)):
            return False
        phrase, length = list(self.words), len(self.words)
        return any(phrase == text[at : at + length] for text in document.texts for at in range(len(text)))


@dataclass(frozen=True)
class Prefix:
    """A word with this prefix."""

    start: str

    def holds(self, document: Document) -> bool:
        if not document.may_hold(self.start):
            return False
        return any(word.startswith(self.start) for text in document.vocabularies for word in text)


@dataclass(frozen=True)
class Fuzzy:
    """A word within `edits` insertions, deletions or replacements (Levenshtein distance) of this one."""

    word: str
    edits: int

    def holds(self, document: Document) -> bool:
        return any(_is_within(self.edits, word, self.word) for text in document.vocabularies for word in text)


@dataclass(frozen=True)
class Not:
    """The part does not match."""

    part: Query

    def holds(self, document: Document) -> bool:
        return not self.part.holds(document)


@dataclass(frozen=True)
class Joined:
    """Parts joined from left to right, without precedence. Each has a flag: joined by "or" or by "and"."""

    parts: tuple[tuple[bool, Query], ...]

    def holds(self, document: Document) -> bool:
        held = True
        for is_alternative, part in self.parts:
            if held != is_alternative:
                held = part.holds(document)
        return held


def _is_within(edits: int, left: str, right: str) -> bool:
    """Whether so few edits lead from one word to the other. Takes time in proportion to their length."""
    if abs(len(left) - len(right)) > edits:
        return False
    far = edits + 1
    row = {j: j for j in range(far)}
    for i, a in enumerate(left, start=1):
        above, row = row, {}
        for j in range(max(i - edits, 0), min(i + edits, len(right)) + 1):
            replaced = above.get(j - 1, far) + (j > 0 and a != right[j - 1])
            row[j] = min(above.get(j, far) + 1, row.get(j - 1, far) + 1, replaced)
        if min(row.values()) > edits:
            return False
    return row.get(len(right), far) <= edits


@lru_cache(maxsize=256)
def parse(text: str) -> Query | None:
    """The query in a text, or None if it has no words.

    No text is an error: misplaced operators are ignored, and so are a phrase's slop, parentheses nested
    more than 100 deep, and what follows after 50,000 characters. After 50 prefixes and fuzzy words, further
    ones are searched as words.
    """
    if len(text) > LONGEST:
        text = text[:LONGEST].rsplit(maxsplit=1)[0]
    return _Parser(text).group()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_without_deep_parentheses(TOKEN.finditer(text)))
        self._at = 0
        self._expanded = 0

    def group(self) -> Query | None:
        """Everything up to the closing parenthesis."""
        parts: list[tuple[bool, Query]] = []
        is_alternative = False
        while self._at < len(self._tokens):
            sign = self._tokens[self._at]["sign"]
            if sign == ")":
                break
            if sign in ("|", "+"):
                self._at += 1
                is_alternative = sign == "|"
                continue
            part = self._part()
            if part is not None:
                parts.append((is_alternative and bool(parts), part))
                is_alternative = False
        if len(parts) > 1:
            return Joined(tuple(parts))
        return parts[0][1] if parts else None

    def _part(self) -> Query | None:
        excludes = False
        while self._at < len(self._tokens) and self._tokens[self._at]["minus"]:
            self._at += 1
            excludes = not excludes
        part = self._positive()
        return Not(part) if excludes and part is not None else part

    def _positive(self) -> Query | None:
        if self._at == len(self._tokens):
            return None
        token = self._tokens[self._at]
        self._at += 1
        if token["sign"] == "(":
            part = self.group()
            self._at += 1
            return part
        if token["phrase"] is not None:
            phrase = tuple(words(token["phrase"]))
            return Phrase(phrase) if phrase else None
        return self._word(token["word"]) if token["word"] else None

    def _word(self, text: str) -> Query | None:
        expanded = _prefix(text) or _fuzzy(text)
        if expanded is not None and self._expanded < MOST_EXPANDED:
            self._expanded += 1
            return expanded
        tokens = tuple(words(text))
        return Words(tokens) if tokens else None


def _without_deep_parentheses(tokens: Iterable[re.Match[str]]) -> Iterator[re.Match[str]]:
    depth = 0
    for token in tokens:
        depth += token["sign"] == "("
        if depth <= DEEPEST or token["sign"] not in ("(", ")"):
            yield token
        if token["sign"] == ")":
            depth = max(depth - 1, 0)


def _prefix(text: str) -> Prefix | None:
    return Prefix(text[:-1].lower()) if len(text) > 1 and text.endswith("*") else None


def _fuzzy(text: str) -> Fuzzy | None:
    fuzzy = FUZZY.fullmatch(text)
    if fuzzy is None:
        return None
    # Two digits are enough; Python refuses numbers with thousands of digits.
    edits = int(fuzzy["edits"].lstrip("0")[:2] or 0)
    return Fuzzy(fuzzy["word"].lower(), min(edits, MOST_EDITS))
