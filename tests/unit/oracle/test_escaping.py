"""Texts and guidelines that a page shows and does not run."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labelloop.oracle.escaping import MARK, escaped, is_escaped, unescaped, without_html

TEXTS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("<>&;#/!\r\n\tabampltx13")))


@given(TEXTS)
@example("AT&amp;T if a<b then &lt;b&gt; &#13; &copy &ampx &#x3c;")
@example("one\rtwo\r\nthree")
def test_what_is_escaped_is_the_same_text_again(text: str) -> None:
    shown = escaped(text)

    assert unescaped(shown) == text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    assert not set(shown) & set("<>\r\0")


def test_only_a_marked_record_is_escaped() -> None:
    assert is_escaped({"batch": 1, **MARK})
    assert not any(is_escaped(metadata) for metadata in (None, {}, {"batch": 1}, {"escaped": 1}))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a <b>c</b> <!-- d --> <?e?>", "a <\u2060b>c<\u2060/b> <\u2060!-- d --> <\u2060?e?>"),
        ("![x](http://a/b.png) ![x][y]", "!\u2060[x](http://a/b.png) !\u2060[x][y]"),
        ("5 < 6, **no** [link](http://a/b) `x<y`!", "5 < 6, **no** [link](http://a/b) `x<\u2060y`!"),
        (
            "<https://a/b?c=d> <https://a b> <javascript:a>",
            "<https://a/b?c=d> <\u2060https://a b> <\u2060javascript:a>",
        ),
    ],
)
def test_guidelines_keep_their_markdown_and_lose_their_html(given: str, shown: str) -> None:
    assert without_html(given) == shown
    assert without_html(shown) == shown


def test_guidelines_that_become_too_long_keep_their_length() -> None:
    assert without_html("<b> ![x](y)", 12) == "\u2039b> \uff01[x](y)"
