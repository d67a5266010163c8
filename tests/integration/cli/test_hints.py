"""Commands that another command's error names: they work as printed."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from labelloop.config.home import open_home
from labelloop.pool.snapshot import Row, write
from labelloop.store import pool_uri
from schemas.parts import Snapshot
from tests.support.command import labelloop
from tests.support.homes import home_with
from tests.support.states import PROJECT, project, queried
from tests.support.tiny_bert import TINY


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(TINY, tmp_path / "other model")
    (tmp_path / "rules.yaml").write_text("spam: win a prize\n")
    pool = open_home(tmp_path / "home").store / PROJECT / "pool"
    pool.mkdir(parents=True)
    info = write(pool, [Row(f"text {number}", None, number) for number in range(9)], {})
    texts = Snapshot(uri=pool_uri(PROJECT, info.name), digest=info.digest, size=9)
    return home_with(tmp_path / "home", project(pool=texts), queried())


@pytest.mark.parametrize(
    "asked",
    [
        ["--model", "other model"],
        ["--classifier", "linear", "--classifier-parameter", "c=2"],
        ["--strategy", "embedding-k-means", "--strategy-parameter", "normalize=true"],
        ["--stopping", "kappa-average", "--stopping-parameter", "kappa=0.9", "--stop-when-advised"],
        ["--batch-size", "2", "--lookahead", "auto"],
        ["--overlap", "0.5"],
        ["--suggest", "rules", "--suggest-parameter", "file=rules.yaml", "--machine-vote"],
    ],
    ids=lambda asked: asked[0].removeprefix("--"),
)
def test_what_init_finds_otherwise_is_changed_by_the_command_that_it_prints(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    """One setting after the other, until the same `init` finds nothing that is other."""
    monkeypatch.chdir(tmp_path)
    init = ("init", "--name", "mail", *asked, "--home", home)

    for _ in asked:
        refused = labelloop(*init)
        if refused.exit_code == 0:
            break
        assert refused.exit_code == 2, refused.output
        (command,) = re.findall(r"`labelloop (.+?)`", refused.stderr)
        changed = labelloop(*shlex.split(command))
        assert changed.exit_code == 0, (command, changed.output)

    assert labelloop(*init).exit_code == 0


def test_of_a_file_the_help_of_change_is_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text("Read first.")

    refused = labelloop("init", "--name", "mail", "--guidelines", tmp_path / "guide.md", "--home", home)

    assert refused.exit_code == 2, refused.output
    (command,) = re.findall(r"`labelloop (.+?)`", refused.stderr)
    assert labelloop(*shlex.split(command)).exit_code == 0, command


def test_what_no_command_changes_names_none(home: Path) -> None:
    refused = labelloop("init", "--name", "mail", "--annotators", "ann,bob", "--home", home)

    assert refused.exit_code == 2, refused.output
    assert "`" not in refused.stderr
