"""Elasticsearch's simple query string: `word "a phrase" start* -not (this | that) fuzy~1`, joined by AND."""

import re
from functools import lru_cache

from labelloop.oracle.server.search.queries import Both, Either, Fuzzy, Not, Phrase, Prefix, Query, Words
from labelloop.oracle.server.search.words import words

MOST_EDITS = 2
TOKEN = re.compile(r'"(?P<phrase>[^"]*)"(?:~\d+)?|(?P<sign>[()|+])|(?P<minus>-)(?=\S)|(?P<word>[^\s"()|+]+)')
FUZZY = re.compile(r"(?P<word>.+)~(?P<edits>\d+)")


@lru_cache(maxsize=256)
def parse(text: str) -> Query | None:
    """The query that a text stands for, or None if it holds no word.

    No text is an error: signs that mean nothing where they stand are ignored, as is a phrase's slop.
    """
    return _Parser(text).group()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(TOKEN.finditer(text))
        self._at = 0

    def group(self) -> Query | None:
        """Everything up to the closing parenthesis, joined from the left without precedence."""
        found: Query | None = None
        join: type[Both] | type[Either] = Both
        while self._at < len(self._tokens):
            sign = self._tokens[self._at]["sign"]
            if sign == ")":
                break
            if sign in ("|", "+"):
                self._at += 1
                join = Either if sign == "|" else Both
                continue
            part = self._part()
            if part is not None:
                found = part if found is None else join(found, part)
                join = Both
        return found

    def _part(self) -> Query | None:
        if self._at == len(self._tokens):
            return None
        token = self._tokens[self._at]
        self._at += 1
        if token["minus"]:
            part = self._part()
            return None if part is None else Not(part)
        if token["sign"] == "(":
            part = self.group()
            self._at += 1
            return part
        if token["phrase"] is not None:
            phrase = tuple(words(token["phrase"]))
            return Phrase(phrase) if phrase else None
        return _word(token["word"]) if token["word"] else None


def _word(text: str) -> Query | None:
    if len(text) > 1 and text.endswith("*"):
        return Prefix(text[:-1].lower())
    if fuzzy := FUZZY.fullmatch(text):
        return Fuzzy(fuzzy["word"].lower(), min(int(fuzzy["edits"]), MOST_EDITS))
    found = tuple(words(text))
    return Words(found) if found else None
