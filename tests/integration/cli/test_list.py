"""`labelloop list`: the projects of a log."""

import json
from pathlib import Path

from schemas.parts import Snapshot
from tests.support.command import labelloop
from tests.support.homes import home_with
from tests.support.messages import names
from tests.support.states import PROJECT, all_answered, project, queried


def test_each_project_is_a_line(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", project(), queried(), all_answered(), queried("1", (3, 4, 5)))

    (line,) = labelloop("list", "--home", home).stdout.splitlines()
    (facts,) = json.loads(labelloop("list", "--home", home, "--json").stdout)

    assert names(line, "mail", PROJECT, 3, 40, 1, facts["standing"])
    assert facts == {
        "project": PROJECT,
        "name": "mail",
        "labels": 3,
        "open": 1,
        "pool": 40,
        "standing": "going on",
    }


def test_who_has_no_project_is_told_how_to_create_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert labelloop("init", "--log-only", "--home", home).exit_code == 0

    listed = labelloop("list", "--home", home)

    assert (listed.exit_code, names(listed.stdout, "labelloop init")) == (0, True)
    assert json.loads(labelloop("list", "--home", home, "--json").stdout) == []


def test_status_says_how_many_texts_the_pool_leaves_out(tmp_path: Path) -> None:
    pool = Snapshot(uri="x", digest="d", size=40, dropped_empty=1, dropped_near_copies=20)
    home = home_with(tmp_path / "home", project(pool=pool))

    shown = labelloop("status", "--home", home).stdout.splitlines()
    (facts,) = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]

    assert facts["left_out"] == {"empty": 1, "duplicates": 0, "near_copies": 20}
    assert [line.split(":")[1] for line in shown if "left out" in line] == [
        " 1 empty or unusable, 20 near-copies"
    ]
