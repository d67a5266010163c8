"""What a real bash completes, told as the docs tell it."""

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs" / "operations.md"
COMPLETE = """
{setup}
compopt() {{ echo -n "completes by $2"; }}
try() {{
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    "$(complete -p labelloop | sed 's/.*-F \\([^ ]*\\).*/\\1/')" labelloop
    echo "${{COMPREPLY[@]}}"
}}
try labelloop wh
try labelloop annotators pass
try labelloop init --cold-start bal
try labelloop init --dataset mai
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_options_and_files(tmp_path: Path) -> None:
    (setup,) = re.findall(r"^eval .*_LABELLOOP_COMPLETE=bash_source.*$", DOCS.read_text(), re.MULTILINE)
    program = tmp_path / "bin" / "labelloop"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable} -P\nfrom labelloop.cli import main\nmain()\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    run = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE.format(setup=setup)],
        cwd=tmp_path,
        env={"PATH": f"{program.parent}:/usr/bin:/bin", "PYTHONPATH": str(DOCS.parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )

    command, subcommand, choice, file = run.stdout.splitlines()
    assert command.split() == ["what-if", "why"]
    assert (subcommand, choice) == ("password", "balanced")
    assert file.startswith("completes by default")
