"""Texts that two people answer, and gold texts, by each command that takes them, and in another log."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from labelloop.loop.gold_texts import gold_at
from labelloop.loop.history import History
from labelloop.loop.settings_in_force import overlap_at
from labelloop.loop.state import LoopState
from labelloop.projects.catalog import created
from tests.support.argilla_server import free_port
from tests.support.command import error_line, labelloop
from tests.support.logs import read_log
from tests.support.messages import names
from tests.support.tiny_bert import QUICK

GOLD = "text,label\nfree money,spam\nsee you,ham\nfree money,spam\nlunch at noon?,ham\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "mail.csv").write_text("text\nwin a prize\nlunch at noon?\ncheap pills\nbye\n")
    (tmp_path / "known.csv").write_text("text,label\nwin a prize,spam\n")
    (tmp_path / "gold.csv").write_text(GOLD)
    return tmp_path


def done(*arguments: object) -> str:
    result = labelloop(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def state_in(home: Path) -> LoopState:
    events = asyncio.run(read_log(f"sqlite:///{home / 'log.sqlite'}"))
    history = History(events[0].project)
    for event in events:
        assert history.add(event), history.halt
    return created(history)


def project(home: Path) -> dict[str, Any]:
    (found,) = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]
    return dict(found)


def test_import_takes_them_and_copy_takes_them_along(data: Path) -> None:
    home, other = data / "home", data / "other"
    known = (data / "known.csv", "--dataset", data / "mail.csv", "--labels", "spam,ham")
    people = ("--overlap", 0.5, "--gold", data / "gold.csv", "--gold-share", 0.5)

    said = done("import", *known, *people, "--batch-size", 2, "--home", home, *QUICK)

    assert names(said, "gold.csv", "2 gold texts", "1 repeated", "1 left out")
    state = state_in(home)
    gold, share = gold_at(state, 0)
    assert gold is not None
    assert (overlap_at(state, 1), gold.size, share) == (0.5, 2, 0.5)
    copied = json.loads(done("copy", home, other, "--json"))
    assert copied["snapshots"] == 2, "the pool and the gold texts"
    assert gold_at(state_in(other), 0) == (gold, share)
    assert (other / "store" / gold.uri).read_bytes() == (home / "store" / gold.uri).read_bytes()
    assert json.loads(done("replay", "--verify", "--home", other, "--json"))["verified"]
    (other / "store" / gold.uri).unlink()
    assert names(error_line(labelloop("replay", "--verify", "--home", other)), gold.digest)


def test_a_file_of_options_names_them_and_others_than_the_projects_are_refused(data: Path) -> None:
    home, file = data / "home", data / "project.yaml"
    options = {
        "dataset": data / "mail.csv",
        "labels": "spam,ham",
        "batch-size": 2,
        "overlap": 0.5,
        "gold": data / "gold.csv",
        "gold-share": 0.5,
    }

    def written(**changes: object) -> Path:
        lines = {**options, **{name.replace("_", "-"): value for name, value in changes.items()}}
        file.write_text("".join(f"{name}: {value}\n" for name, value in lines.items()))
        return file

    done("init", "--file", written(), "--home", home, *QUICK)
    state = state_in(home)
    assert (overlap_at(state, 0), gold_at(state, 0).share) == (0.5, 0.5)
    done("init", "--file", written(), "--home", home, *QUICK)

    for command in (("init",), ("up", "--port", free_port())):
        for change in ({"overlap": 1.0}, {"gold_share": 1.0}, {"gold": data / "more.csv"}):
            (data / "more.csv").write_text("text,label\nanother offer,spam\n")
            (name,) = change
            refused = error_line(labelloop(*command, "--file", written(**change), "--home", home, *QUICK))
            assert names(refused, f"--{name.replace('_', '-')}", "labelloop change")
    assert names(error_line(labelloop("init", "--file", written(overlap="some"), "--home", home)), "some")


def test_a_pool_does_not_grow_by_gold_texts_and_a_project_is_deleted_with_them(data: Path) -> None:
    home = data / "home"
    asked = ("--dataset", data / "mail.csv", "--labels", "spam,ham", "--batch-size", 2, "--name", "mail")
    done("init", *asked, "--gold", data / "gold.csv", "--gold-share", 1, "--home", home, *QUICK)
    (data / "may.csv").write_text("text\nfree money\nsomething else\nbye\n")

    said = done("add", "mail", data / "may.csv", "--home", home)

    assert names(said, "1 new text", "1 in the pool", "1 left out", "gold texts")
    assert names(done("status", "--home", home), "2 repeated or gold texts")
    assert project(home)["gold"] == {"share": 1.0, "texts": 2, "used": 0, "before": 0}
    assert project(home)["pool"] == 5
    done("change", "mail", "--gold-share", 0, "--home", home)
    assert project(home)["gold"]["share"] == 0
    nothing = error_line(labelloop("change", "mail", "--gold", data / "gold.csv", "--home", home))
    assert "\n" not in nothing
    done("delete", "mail", "--yes", "--home", home)
    assert not [*(home / "store").rglob("*.arrow")]
