"""The body of a request: what may be asked. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from labelloop.errors import one_line
from labelloop.pool.context import joined
from labelloop.serving.limits import Limits, Refusal, check_number

LONGEST_REASON, LONGEST_FORM = 200, 400
HALF_A_PAIR = re.compile("[\ud800-\udfff]")
Body = TypeVar("Body", bound=msgspec.Struct)


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
    """Read a body. `columns`: those of a text, if it has several. Raises Refusal."""
    if len(columns) > 1:
        several = _decoded(body, _OfSeveralColumns, columns)
        check_number(len(several.texts), limits)
        texts = [_one_text(number, text, columns) for number, text in enumerate(several.texts)]
        return _checked(texts, several.all_probabilities)
    one = _decoded(body, _OfOneColumn, columns)
    check_number(len(one.texts), limits)
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
    """Raises Refusal if the body is JSON, and only half a surrogate pair is what cannot be read of it."""
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
