"""Label functions in a process of their own: good ones, slow ones, and such that try to leave it."""

import asyncio
import logging
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.machines.function_process import Functions, Ran, run
from tests.support.messages import names, raises_naming

PAGE = Path(__file__).parents[3] / "docs" / "machines.md"
LABELS = {"spam": "Spam!", "ham": "ham"}
MODULE = """
import os
import sys
import time

from labelloop import LabelFunctions


def prize(text):
    return "Spam!" if "prize" in text else None


def lunch(text):
    print("printed", text)
    print("printed", text, file=sys.stderr)
    return "ham" if "lunch" in text else None


def odd(text):
    if "raise" in text:
        raise ValueError(text)
    if "strange" in text:
        return "virus"
    if "sleep" in text:
        time.sleep(60)
    if "exit" in text:
        os._exit(0)


mail = LabelFunctions("mail", [prize, lunch, odd])
"""


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_functions.py").write_text(MODULE)
    monkeypatch.setenv("LABELLOOP_PLUGINS", "my_functions:mail")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")


def ran(texts: Sequence[str], rules: Sequence[Sequence[str]] | None = None, name: str = "mail") -> Ran:
    functions = Functions("rules" if rules is not None else name, rules, LABELS, several=False)
    return asyncio.run(run(functions, texts, seconds=3.0))


@pytest.mark.usefixtures("listed")
def test_each_function_is_asked_about_each_text() -> None:
    found = ran(["a prize", "lunch with a prize", "hello"])

    assert found.functions == ("prize", "lunch", "odd")
    assert [dict(each.votes) for each in found.votes] == [
        {"prize": ("spam",)},
        {"prize": ("spam",), "lunch": ("ham",)},
        {},
    ]


@pytest.mark.usefixtures("listed")
def test_a_function_that_fails_says_nothing_and_no_line_quotes_the_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)

    found = ran(["a prize to raise", "strange lunch"])

    assert [each.failed for each in found.votes] == [("odd",), ("odd",)]
    assert [dict(each.votes) for each in found.votes] == [{"prize": ("spam",)}, {"lunch": ("ham",)}]
    assert "ValueError" in caplog.text
    assert "to raise" not in caplog.text


@pytest.mark.usefixtures("listed")
def test_a_function_that_always_fails_is_logged_once_and_then_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)

    found = ran([f"raise {number}" for number in range(7)] + ["strange"])

    assert [each.failed for each in found.votes] == [("odd",)] * 8
    lines = [record.getMessage() for record in caplog.records if "odd" in record.getMessage()]
    assert len(lines) == 3, "of each reason the first, and how many more there were"
    assert names(lines[-1], "odd", "mail", 6, "ValueError")


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("fate", ["sleep", "exit"])
def test_a_text_on_which_functions_hang_or_end_is_given_up_and_the_rest_comes_next(fate: str) -> None:
    found = ran(["lunch", f"lunch, then {fate}", "lunch"])

    assert [bool(each.failed) for each in found.votes] == [False, True]


def test_a_pattern_that_would_search_for_ever_is_given_up() -> None:
    rules = [["spam", "(a+)+$"], ["ham", "lunch"]]

    found = ran(["lunch", "a" * 60 + "!", "lunch"], rules)

    assert found.functions == ("rule 1", "rule 2")
    assert [bool(each.failed) for each in found.votes] == [False, True]


def test_functions_that_a_deployment_lacks_are_named() -> None:
    with raises_naming(UserError, "'nobody'"):
        ran(["hello"], name="nobody")


def test_a_name_of_a_module_is_never_imported() -> None:
    with raises_naming(UserError, "'os:system'"):
        ran(["hello"], name="os:system")


def test_the_functions_of_the_page_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "my_functions.py").write_text(code)
    monkeypatch.setenv("LABELLOOP_PLUGINS", "my_functions:questions")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    labels = {name: name for name in ("human", "number", "abbreviation")}
    texts = ["Who wrote it?", "How many are there?", "What does WHO stand for?", "Why?"]

    found = asyncio.run(run(Functions("questions", None, labels, several=False), texts))

    assert [[*each.votes.values()] for each in found.votes] == [
        [("human",)],
        [("number",)],
        [("human",), ("abbreviation",)],
        [],
    ]
