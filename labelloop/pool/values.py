"""One value of a data set as a text or as a label."""

import re
import unicodedata

from labelloop.errors import UserError

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
DAMAGE = "a NUL or half a surrogate pair, which no database stores"


def as_text(source: str, column: str, row: int, value: object) -> str:
    """The text of a value; empty for a missing one, a number as written. Raises `UserError`."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(
            source, column, row, f"a {type(value).__name__}, not a text", "choose another --text-column"
        )
    text = str(value)
    if UNSTORABLE.search(text):
        raise _wrong(source, column, row, DAMAGE, "remove it from the data set")
    return text


def as_label(source: str, column: str, row: int, value: object) -> str | None:
    """The label of a value, in NFC without surrounding space; None for a missing one. Raises `UserError`."""
    if value is None or value != value:
        return None
    if not isinstance(value, str | int | float):
        kind = type(value).__name__
        raise _wrong(source, column, row, f"a {kind}, not one label", "choose another --label-column")
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    label = unicodedata.normalize("NFC", str(whole).strip())
    if not label:
        return None
    if UNSTORABLE.search(label):
        raise _wrong(source, column, row, DAMAGE, "remove it from the data set")
    return label


def _wrong(source: str, column: str, row: int, what: str, remedy: str) -> UserError:
    return UserError(f"{source}, row {row + 1}: the column {column!r} holds {what}; {remedy}")
