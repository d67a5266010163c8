"""How the command line tells what went wrong."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import rich_click as click
from click.testing import CliRunner

from labelloop.cli.main import GROUPS, Commands, cli
from labelloop.errors import TaskError
from tests.support.command import error_line
from tests.support.messages import names


def test_who_lacks_a_package_is_told_in_one_line_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.startswith(("labelloop.pool", "labelloop.projects"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "mail.csv").write_text("text\nhello\n", encoding="utf-8")
    where = ["--log", f"sqlite:///{tmp_path}/log.sqlite", "--store", str(tmp_path / "store")]

    done = CliRunner().invoke(cli, ["init", *where, "--dataset", str(tmp_path / "mail.csv")])

    assert done.exit_code == 2
    assert names(error_line(done), "pyarrow", "pip install")


def test_a_task_that_failed_is_told_in_one_line() -> None:
    @click.group(cls=Commands)
    def group() -> None:
        """Some commands."""

    @group.command()
    def train() -> None:
        raise TaskError("disk-full", "a sentence")

    done = CliRunner().invoke(group, ["train"])

    assert error_line(done) == "disk-full: a sentence"


def test_each_command_stands_in_a_group_of_the_help() -> None:
    in_groups = [name for commands in GROUPS.values() for name in commands]

    assert sorted(in_groups) == sorted(cli.list_commands(click.Context(cli)))
    shown = CliRunner().invoke(cli, ["--help"]).stdout
    titles = re.findall(r"─ (\w+) ─", shown)
    assert titles == ["Options", *GROUPS]
    assert all(re.search(rf"│ {name} ", shown) for name in in_groups)


def test_the_package_is_a_command() -> None:
    run = subprocess.run(
        [sys.executable, "-P", "-m", "labelloop", "--version"], capture_output=True, text=True, check=True
    )

    assert run.stdout == CliRunner().invoke(cli, ["--version"]).stdout
