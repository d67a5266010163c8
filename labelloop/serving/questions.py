"""What may be asked, and how much of it: the body of a request, limits on size and rate, refusals. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

import msgspec

from labelloop.errors import one_line
from labelloop.pool.context import joined

LONGEST_REASON, LONGEST_FORM = 200, 400
HALF_A_PAIR = re.compile("[\ud800-\udfff]")
Body = TypeVar("Body", bound=msgspec.Struct)


class Refusal(Exception):
    """A request that gets no answer: the HTTP status, one sentence, and in how many seconds to try again."""

    def __init__(self, status: int, sentence: str, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry_after = retry_after


@dataclass(frozen=True)
class Limits:
    """The most bytes of a body, texts of a request, and requests a second (0: any number).

    `waiting`: the most texts that may wait for the model.
    """

    body: int = 2**20
    texts: int = 256
    rate: float = 100.0

    @property
    def waiting(self) -> int:
        return 4 * self.texts


@dataclass(frozen=True)
class Question:
    """Texts as the model reads them, and whether the probabilities of all labels are wanted."""

    texts: tuple[str, ...]
    all_probabilities: bool = False


class _OfOneColumn(msgspec.Struct, forbid_unknown_fields=True):
    texts: list[str]
    all_probabilities: bool = False


class _OfSeveralColumns(msgspec.Struct, forbid_unknown_fields=True):
    texts: list[dict[str, str | None]]
    all_probabilities: bool = False


def example(columns: Sequence[str], text: str = "…") -> str:
    """A body that can be sent. `columns`: those of a text, if it has several."""
    one: object = dict.fromkeys(columns, text) if len(columns) > 1 else text
    return json.dumps({"texts": [one]}, ensure_ascii=False)


def read(body: bytes, columns: Sequence[str], limits: Limits) -> Question:
    """Read a body. `columns`: those of a text, if it has several. Raises Refused."""
    if len(columns) > 1:
        several = _decoded(body, _OfSeveralColumns, columns)
        _check_number(len(several.texts), limits)
        texts = [_one_text(number, text, columns) for number, text in enumerate(several.texts)]
        return _checked(texts, several.all_probabilities)
    one = _decoded(body, _OfOneColumn, columns)
    _check_number(len(one.texts), limits)
    return _checked(one.texts, one.all_probabilities)


def _checked(texts: Sequence[str], all_probabilities: bool) -> Question:
    for number, text in enumerate(texts):
        if "\0" in text:
            raise Refusal(422, f"texts[{number}] holds a NUL, as no text of a data set does: leave it out")
    return Question(tuple(texts), all_probabilities)


def _decoded(body: bytes, kind: type[Body], columns: Sequence[str]) -> Body:
    form = one_line(example(columns))[:LONGEST_FORM]
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        reason = one_line(error)[:LONGEST_REASON]
        raise Refusal(422, f"the body is not of the form {form}: {reason}") from None
    except UnicodeDecodeError:
        raise Refusal(400, "the body is not in UTF-8: send JSON in UTF-8") from None
    except (ValueError, RecursionError) as error:
        _check_pairs(body)
        reason = one_line(error)[:LONGEST_REASON]
        raise Refusal(400, f"the body is not JSON ({reason}): send {form}") from None


def _check_pairs(body: bytes) -> None:
    """Raises Refused if the body is JSON, and only half a surrogate pair is what cannot be read of it."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return
    texts = sent.get("texts") if isinstance(sent, dict) else None
    for number, text in enumerate(texts if isinstance(texts, list) else ()):
        parts = [*text, *text.values()] if isinstance(text, dict) else [text]
        if any(isinstance(part, str) and HALF_A_PAIR.search(part) for part in parts):
            raise Refusal(
                422, f"texts[{number}] holds half a surrogate pair, as no text in UTF-8 does: leave it out"
            )


def _one_text(number: int, text: dict[str, str | None], columns: Sequence[str]) -> str:
    if unknown := text.keys() - set(columns):
        named = one_line(repr(min(unknown)))[:LONGEST_REASON]
        raise Refusal(422, f"texts[{number}] has {named}, and a text has {', '.join(map(repr, columns))}")
    return joined(text.get(column) or "" for column in columns)


def _check_number(texts: int, limits: Limits) -> None:
    if texts > limits.texts:
        raise Refusal(413, f"there are {texts:,} texts, and a request may have {limits.texts:,}: send fewer")


def too_large(limits: Limits) -> Refusal:
    """The body has too many bytes."""
    return Refusal(413, f"the body is larger than {limits.body:,} bytes: send fewer texts at a time")


class Bucket:
    """Lets through so many requests a second, and at once as many as in one second. `rate` 0: all."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(1.0, rate)
        self._left = self._most
        self._at: float | None = None

    def take(self, now: float) -> None:
        """Let a request through at this time in seconds. Raises Refused."""
        if not self._rate:
            return
        since = 0.0 if self._at is None else max(0.0, now - self._at)
        self._left, self._at = min(self._most, self._left + since * self._rate), now
        if self._left < 1:
            wait = ceil((1 - self._left) / self._rate)
            raise Refusal(429, f"more than {self._rate:g} requests a second: try again later", wait)
        self._left -= 1
