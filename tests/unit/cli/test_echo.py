"""Commands in messages: as printed, they work where the command worked that prints them."""

import shlex
from pathlib import Path

import pytest
import rich_click as click
from click.testing import CliRunner

from labelloop.cli import options
from labelloop.cli.echo import tell
from labelloop.cli.main import Commands, cli
from labelloop.errors import UserError
from tests.support.command import error_line, labelloop
from tests.support.messages import names

ELSEWHERE = "sqlite:///elsewhere.sqlite"


@pytest.fixture
def group() -> click.Group:
    """Commands that print what they are given, or fail with it."""

    @click.group(cls=Commands, modules={"status": "labelloop.cli.status", "demo": "labelloop.cli.demo"})
    def made() -> None:
        """Some commands."""

    made.add_command(cli.get_command(click.Context(cli), "annotators"))  # type: ignore[arg-type]

    @made.command(context_settings=options.FROM_ENVIRONMENT)
    @click.argument("text")
    @click.option("--fails", is_flag=True)
    @options.where
    def say(where: object, text: str, fails: bool) -> None:
        if fails:
            raise UserError(text)
        tell(text)

    return made


def said(group: click.Group, *arguments: str, **environment: str) -> str:
    done = CliRunner().invoke(group, ["say", *arguments], env=environment)
    return error_line(done) if "--fails" in arguments else done.stdout.removesuffix("\n")


@pytest.mark.parametrize("how", [(), ("--fails",)])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see `labelloop status`, or x", "see `labelloop status --home 'my home'`, or x"),
        ("do: labelloop say ab; or not", "do: labelloop say ab --home 'my home'; or not"),
        ("`labelloop annotators add ann` adds", "`labelloop annotators add ann --home 'my home'` adds"),
        (
            "`labelloop status` and `labelloop status`",
            " and ".join(["`labelloop status --home 'my home'`"] * 2),
        ),
        *[
            (same, same)
            for same in (
                "`labelloop status --home other`",
                "`labelloop status --help`",
                "try `labelloop demo`",
                "a newer labelloop status",
                "`labelloop nothing`",
            )
        ],
    ],
)
def test_a_hint_has_the_home_that_was_given(
    group: click.Group, text: str, shown: str, how: tuple[str, ...]
) -> None:
    assert said(group, text, "--home", "my home", *how) == shown


def test_a_hint_has_what_its_command_takes_and_needs(group: click.Group) -> None:
    text = "`labelloop status`, `labelloop annotators password ann`"

    assert said(group, text, "--log", ELSEWHERE) == text.replace("status", f"status --log {ELSEWHERE}")
    assert said(group, text, "--store", "s3://x") == text.replace("status", "status --store s3://x")
    assert said(group, text, "--home", ".labelloop") == text
    assert said(group, text, LABELLOOP_HOME="/elsewhere") == text


def test_a_printed_hint_works_as_it_is(tmp_path: Path) -> None:
    home, texts = tmp_path / "my home", tmp_path / "mail.csv"
    texts.write_text("text\nwin a prize\nlunch?\n", encoding="utf-8")
    where = ("--home", home)

    missing = error_line(labelloop("status", *where))
    made = labelloop("init", *where, "--log-only")
    none_yet = labelloop("list", *where).stdout

    assert made.exit_code == 0
    assert names(missing, f"`labelloop init --home {shlex.quote(str(home))}`")
    hint = none_yet.partition("`")[2].partition("`")[0].replace("FILE", shlex.quote(str(texts)))
    assert labelloop(*shlex.split(hint)[1:], "--batch-size", "1", "--name", "mail").exit_code == 0
    assert names(labelloop("list", *where).stdout, "mail", 2)
