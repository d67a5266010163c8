"""The encoding of a text, by its first bytes. Pure.

UTF-16 and UTF-32 are known by a byte order mark, or without one by their zero bytes, of which a text in UTF-8
has none. Any other encoding than these can only be guessed, so it is not known.
"""

import codecs
import re

UTF_8 = "utf-8-sig"
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
UNMARKED = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
SAMPLE = 1 << 16
MOST_ZEROS = 0.2
"""Above this share of zero bytes, damage to a text in UTF-8 does not explain them."""
MOST_CONTROLS = 0.01
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f]")
_ASCII = re.compile("[ -~]")


def encoding_of(start: bytes) -> str:
    """The encoding of a text that starts with these bytes, as Python names it; UTF-8 if no other is known."""
    marked = next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), None)
    return marked or unmarked(start) or UTF_8


def unmarked(start: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, in the order of its bytes, or None.

    In the wrong order, and where zero bytes are damage, line breaks are other characters.
    """
    if b"\0" not in start or _is_utf8_with_zeros(start):
        return None
    decoded = {encoding: text for encoding in UNMARKED if (text := _decoded(start, encoding))}
    texts = {encoding: text for encoding, text in decoded.items() if _may_be_meant(text, start)}
    return max(texts, key=lambda encoding: len(_ASCII.findall(texts[encoding])), default=None)


def shown(encoding: str) -> str:
    """The encoding as it is mostly written: `UTF-16LE`."""
    return encoding.upper().replace("-LE", "LE").replace("-BE", "BE")


def _is_utf8_with_zeros(start: bytes) -> bool:
    text = _decoded(start.replace(b"\0", b""), "utf-8")
    few = start.count(b"\0") <= MOST_ZEROS * len(start)
    return few and text is not None and _controls(text) <= MOST_CONTROLS


def _may_be_meant(text: str, start: bytes) -> bool:
    return _controls(text) <= MOST_CONTROLS and 2 * text.count("\n") >= start.count(b"\n")


def _decoded(start: bytes, encoding: str) -> str | None:
    """What the bytes mean, but for a character that a sample cuts off at its end."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(start, final=len(start) < SAMPLE)
    except UnicodeDecodeError:
        return None


def _controls(text: str) -> float:
    return len(_CONTROL.findall(text)) / max(1, len(text))
