"""Text from outside cannot turn the direction of what stands beside it on a page."""

import unicodedata
from collections.abc import Iterator

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

from labelloop.errors import DIRECTIONS

CONTROLS = {ord(sign): f"\\u{ord(sign):04x}" for sign in DIRECTIONS}
TURNING = {"R", "AL", "AN", "RLE", "RLO", "LRE", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"}
PLAIN = ("option", "title", "textarea")
"""Elements that hold text alone."""
SPOKEN = ("aria-label", "title")
"""Attributes whose value a person is shown."""


def visible(value: object) -> object:
    """A text with the signs that turn its direction as escapes. Anything else as it is."""
    return value.translate(CONTROLS) if type(value) is str else value


def isolated(value: object) -> object:
    """A text as HTML, in an element of its own where its direction could reach beyond it."""
    if type(value) is not str or value.isascii():
        return value
    if not any(unicodedata.bidirectional(sign) in TURNING for sign in value):
        return value
    return Markup("<bdi>{}</bdi>").format(value)


class Directions(Extension):
    """Passes what templates write through `isolated`; through `visible` where no element can stand."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """The template's tokens, with the filters."""
        place = _Place()
        is_filtered = False
        for token in stream:
            if token.type == "data":
                place.goes_on(token.value)
            elif token.type == "variable_begin":
                kind = place.filter
                is_filtered = kind is not None
                yield token
                if is_filtered:
                    yield Token(token.lineno, "lparen", "(")
                continue
            elif token.type == "variable_end" and is_filtered:
                yield Token(token.lineno, "rparen", ")")
                yield Token(token.lineno, "pipe", "|")
                yield Token(token.lineno, "name", str(kind))
            yield token


class _Place:
    """Where in the HTML a template is."""

    def __init__(self) -> None:
        self._tag: str | None = None
        self._quote = ""
        self._inside = ""

    @property
    def filter(self) -> str | None:
        """The filter of a value that is written here."""
        if self._tag is None:
            return "visible" if self._inside in PLAIN else "isolated"
        name = self._tag.split()[-1].partition("=")[0] if self._tag.split() else ""
        return "visible" if self._quote and name in SPOKEN else None

    def goes_on(self, html: str) -> None:
        for sign in html:
            if self._tag is None:
                if sign == "<":
                    self._tag = ""
            elif self._quote:
                if sign == self._quote:
                    self._quote = ""
            elif sign == '"':
                self._quote = sign
            elif sign == ">":
                self._inside = (self._tag.split() or [""])[0]
                self._tag = None
            else:
                self._tag += sign
