"""A home that 0.1.0 made, and settings that 0.1.0 could not change: it halts on them, and misreads none."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.home_010.texts import LABELS, POOL
from tests.support.command import labelloop
from tests.support.home_010 import unpacked
from tests.support.messages import names
from tests.support.tiny_bert import QUICK
from tests.support.version_010 import labelloop_010


def halted(shown: str) -> Any:
    (project,) = json.loads(shown)["projects"]
    return project["halted"]


@pytest.mark.parametrize(
    ("arguments", "is_known"),
    [
        (("--strategy", "prediction-entropy", "--batches", 90), True),
        (("--min-submitted", 3, "--batches", 90), False),
        (("--lookahead", 0, "--batches", 90), False),
        (("--stopping", "none"), False),
        (("--guidelines", "guidelines.md"), False),
        (("--suggest", "rules", "--suggest-parameter", "file=rules.yaml"), True),
        (("--suggest", "rules", "--suggest-parameter", "file=rules.yaml", "--machine-vote"), False),
    ],
)
def test_0_1_0_goes_on_after_a_change_that_it_knows_and_halts_on_another(
    code_010: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[object, ...],
    is_known: bool,
) -> None:
    home = unpacked(tmp_path).home
    (tmp_path / "guidelines.md").write_text("Spam asks for money.")
    (tmp_path / "rules.yaml").write_text(f"{LABELS[0]}: '^who'")
    monkeypatch.chdir(tmp_path)
    (project,) = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]

    changed = labelloop("change", project["project"], *arguments, "--home", home)

    assert changed.exit_code == 0, changed.output
    old = halted(labelloop_010(code_010, "status", "--home", home, "--json").stdout)
    assert old is None if is_known else names(old, "newer")
    assert halted(labelloop("status", "--home", home, "--json").stdout) is None
    verified = labelloop("replay", "--verify", "--home", home)
    assert verified.exit_code == 0, verified.output


def test_further_texts_are_added_and_0_1_0_halts(code_010: Path, tmp_path: Path) -> None:
    home = unpacked(tmp_path).home
    begun = json.loads(labelloop("events", "--home", home, "--json").stdout.splitlines()[0])
    pool = begun["data"]["pool"]
    texts = [text for text, _ in POOL[:3]] + ["where is <b>it</b> from", "who was that &amp; why"]
    file = tmp_path / "more.jsonl"
    rows = [{pool["text_column"]: text, pool["label_column"]: LABELS[1]} for text in texts]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    added = labelloop("add", begun["subject"], file, "--home", home)

    assert added.exit_code == 0, added.output
    assert names(added.output, file, "2 new texts", "3 in the pool already")
    assert names(halted(labelloop_010(code_010, "status", "--home", home, "--json").stdout), "newer")
    (project,) = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]
    assert (project["halted"], project["pool"]) == (None, pool["size"] + 2)
    verified = labelloop("replay", "--verify", "--home", home)
    assert verified.exit_code == 0, verified.output


@pytest.mark.parametrize(
    "change", [("rename", LABELS[0], "another <b>"), ("add", "another"), ("retire", LABELS[0])]
)
def test_labels_are_changed_and_0_1_0_halts(code_010: Path, tmp_path: Path, change: tuple[str, ...]) -> None:
    home = unpacked(tmp_path).home
    before = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"][0]

    changed = labelloop("labels", *change, "--home", home)

    assert changed.exit_code == 0, changed.output
    assert names(halted(labelloop_010(code_010, "status", "--home", home, "--json").stdout), "newer")
    (now,) = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]
    assert now["halted"] is None
    assert (now["digest"] == before["digest"]) == (change[0] != "retire")
    verified = labelloop("replay", "--verify", "--home", home)
    assert verified.exit_code == 0, verified.output


def test_a_project_of_several_labels_is_made_and_0_1_0_halts_on_it_alone(
    code_010: Path, tmp_path: Path
) -> None:
    home = unpacked(tmp_path).home
    (before,) = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]
    file = tmp_path / "topics.jsonl"
    rows = [{"text": text, "labels": LABELS[: number % 3]} for number, (text, _) in enumerate(POOL[:9])]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    made = labelloop("init", "--dataset", file, "--batch-size", 2, *QUICK, "--home", home)

    assert made.exit_code == 0, made.output
    shown = json.loads(labelloop_010(code_010, "status", "--home", home, "--json").stdout)["projects"]
    old = {project["name"]: project["halted"] for project in shown}
    assert names(next(halt for name, halt in old.items() if name != before["name"]), "newer")
    assert old[before["name"]] is None
    now = json.loads(labelloop("status", "--home", home, "--json").stdout)["projects"]
    assert [project["halted"] for project in now] == [None, None]
    verified = labelloop("replay", "--verify", "--home", home, "--project", "topics")
    assert verified.exit_code == 0, verified.output
