"""The learning curve of a log, on the terminal, as JSON and as a picture."""

import json
from pathlib import Path

import pytest
from matplotlib import image

from schemas.parts import Snapshot
from tests.support.command import error_line, labelloop
from tests.support.homes import home_with
from tests.support.messages import names
from tests.support.states import PROJECT, all_answered, audited, evaluated, project, queried, trained

TESTED = project(test=Snapshot(uri=f"{PROJECT}/test/x.arrow", digest="d", size=10, label_column="label"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose first model was tested."""
    batch = (queried("0"), all_answered("0"), trained("0", {"0": 0}), evaluated("0", 3, 0.8))
    return home_with(tmp_path / "home", TESTED, *batch)


def test_it_is_drawn_on_the_terminal_and_into_a_file(home: Path, tmp_path: Path) -> None:
    picture = tmp_path / "figures" / "curve.png"

    result = labelloop("curve", "--home", home, "--png", picture)

    assert result.exit_code == 0, result.output
    assert names(result.stdout, "mail", "●")
    height, width, _ = image.imread(picture).shape
    assert width > height > 100


def test_it_is_told_to_programs(home: Path) -> None:
    result = labelloop("curve", "--home", home, "--json")

    assert json.loads(result.stdout) == {
        "project": PROJECT,
        "curve": [{"model": "0", "labels": 3, "accuracy": 0.8, "macro_f1": 0.4}],
        "audits": [],
    }


def test_without_a_test_set_it_is_what_audits_estimate(tmp_path: Path) -> None:
    told = (queried("0"), all_answered("0"), trained("0", {"0": 0}), audited("0"))
    home, picture = home_with(tmp_path / "home", project(audit_share=0.5), *told), tmp_path / "curve.png"

    result = labelloop("curve", "--home", home, "--png", picture)

    assert names(result.stdout, "mail", "▼")
    assert picture.stat().st_size > 1000
    assert json.loads(labelloop("curve", "--home", home, "--json").stdout)["audits"] == [
        {"model": "0", "labels": 3, "accuracy": 0.75, "low": 0.5, "high": 0.875, "audited": 8}
    ]


def test_a_picture_that_cannot_be_written_is_told(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    line = error_line(labelloop("curve", "--home", home, "--png", tmp_path / "file" / "curve.png"))

    assert names(line, tmp_path / "file" / "curve.png")


def test_before_the_first_test_there_is_none_yet_and_no_picture(tmp_path: Path) -> None:
    result = labelloop("curve", "--home", home_with(tmp_path / "home", TESTED), "--png", tmp_path / "c.png")

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert not (tmp_path / "c.png").exists()


def test_without_a_test_set_there_will_be_none(tmp_path: Path) -> None:
    line = error_line(labelloop("curve", "--home", home_with(tmp_path / "home", project())))

    assert names(line, "mail-5e1f", "--test", "--audit-share")
