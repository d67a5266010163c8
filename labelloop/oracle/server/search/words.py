"""Texts and the words in them, split as Elasticsearch's standard analyzer splits."""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

IDEOGRAPH = "\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff"
WORD = re.compile(
    rf"[{IDEOGRAPH}]"
    rf"|[^\W{IDEOGRAPH}]+(?:(?:(?<=[^\W\d_])['’.·](?=[^\W\d_])|(?<=\d)['.,](?=\d))[^\W{IDEOGRAPH}]+)*"
)


def words(text: str) -> list[str]:
    """The words of a text in lower case; ideographs are words of their own."""
    return WORD.findall(text.lower())


class Document:
    """The fields of one record, as the JSON that the table holds; `field` narrows it to one of them."""

    def __init__(self, fields: str, field: str | None) -> None:
        self._fields = fields
        self._field = field

    def may_hold(self, word: str) -> bool:
        """A quick look that rules most records out; the JSON escapes what is not ASCII."""
        return not word.isascii() or word in self._lower

    @cached_property
    def _lower(self) -> str:
        return self._fields.lower()

    @cached_property
    def texts(self) -> list[list[str]]:
        """The words of each text in order."""
        fields = json.loads(self._fields)
        wanted = fields.values() if self._field is None else [fields.get(self._field)]
        return [words(text) for value in wanted for text in _texts(value)]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for message in value:
            yield from _texts(message["content"])
    elif value is not None:
        yield str(value)
