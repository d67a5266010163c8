"""Write texts so that Argilla's page shows them literally.

Argilla 2.8 puts a text into its page as HTML, and a data set's guidelines as Markdown with HTML in it.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

from labelloop.config.deployment import LONGEST_GUIDELINES

MARK = {"escaped": "html"}
"""The metadata of a record whose text is escaped."""
FOLLOWED_BY = "followed_by"
"""In the metadata of a data set: the id of the one that stands in for it."""

_TAG = re.compile(r"<(?!https?://[^\s<>]*>)(?=[A-Za-z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
_OTHER_MARK = "\N{FULLWIDTH EXCLAMATION MARK}"
_OTHER_BRACKET = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
_WORD_JOINER = "\N{WORD JOINER}"


def is_escaped(metadata: Mapping[str, Any] | None) -> bool:
    """Whether a record with this metadata has an escaped text."""
    return MARK.items() <= (metadata or {}).items()


def escaped(text: str) -> str:
    """The text as HTML that shows it. A NUL, which no HTML and not every database can hold, is replaced."""
    shown = html.escape(text.replace("\0", "\N{REPLACEMENT CHARACTER}"), quote=False)
    return shown.replace("\r", "&#13;")


def unescaped(text: str) -> str:
    """The text of which `escaped` made this."""
    return html.unescape(text)


def without_html(markdown: str, most: int = LONGEST_GUIDELINES) -> str:
    """The same Markdown, with its tags shown and its images as links. Nothing in it is loaded or run.

    Has at most `most` characters if `markdown` has: then other signs stand for those of tags and images.
    """
    shown = _IMAGE.sub("!" + _WORD_JOINER, _TAG.sub("<" + _WORD_JOINER, markdown))
    if len(shown) <= most:
        return shown
    return _IMAGE.sub(_OTHER_MARK, _TAG.sub(_OTHER_BRACKET, markdown))
