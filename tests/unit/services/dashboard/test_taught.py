"""The commands that pages teach."""

import html
import re
import shlex
from pathlib import Path

import click
import pytest

from labelloop.cli.main import cli
from labelloop.config.home import open_home
from services.dashboard.site import TEMPLATES, coded, where_of

TAUGHT = re.compile(r"(?:<code>|\n)(labelloop [^<`\n]+)")
EXPRESSION = re.compile(r"\{\{(.*?)\}\}")
WHERE = " --home /home/ann/mail"
OF_NO_HOME = "labelloop demo"


def _filled(command: str) -> str:
    return EXPRESSION.sub(lambda found: WHERE if found[1].strip() == "where" else "7", command)


def _taught() -> list[str]:
    pages = sorted(TEMPLATES.glob("*.html"))
    return [_filled(found) for page in pages for found in TAUGHT.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("command", _taught())
def test_a_command_that_a_page_teaches_is_one(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("test.csv", "mail.csv", "FILE"):
        (tmp_path / file).write_text("text,label\n")

    words = shlex.split(command)[1:]
    found: click.Command = cli
    context = click.Context(cli)
    while isinstance(found, click.Group):
        subcommand = found.get_command(context, words.pop(0))
        assert subcommand is not None
        found = subcommand

    assert found.make_context(found.name, words)


@pytest.mark.parametrize("command", _taught())
def test_a_command_names_the_home_unless_it_has_its_own(command: str) -> None:
    assert command.endswith(WHERE) != command.startswith(OF_NO_HOME)


def test_all_are_found() -> None:
    pages = [page.read_text(encoding="utf-8") for page in TEMPLATES.glob("*.html")]

    assert len(_taught()) == sum(len(re.findall(r"labelloop [a-z]", page)) for page in pages)
    assert not any(re.search(r"<code>--", page) for page in pages)


def test_the_home_is_named_if_it_is_not_the_usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    usual, other = open_home(tmp_path / ".labelloop"), open_home(tmp_path / "my mail")

    assert where_of(usual.run) == where_of(None) == where_of(tmp_path / "run") == ""
    assert shlex.split(where_of(other.run)) == ["--home", str(other.path)]


def test_commands_in_a_text_get_the_home_too() -> None:
    said = coded("`labelloop add mail FILE` or `--gold`, `labelloop up --home x`", " --home 'my mail'")

    assert re.findall("<code>(.*?)</code>", html.unescape(said)) == [
        "labelloop add mail FILE --home 'my mail'",
        "--gold",
        "labelloop up --home x",
    ]
