"""Suspect labels, listed and sent back to people."""

import asyncio
import json
from pathlib import Path

import pytest

from labelloop.config.home import open_home
from labelloop.log import open_log
from schemas.envelope import new_event
from schemas.events import ProjectEnded
from schemas.parts import BaseModelChoice
from tests.support.command import error_line, labelloop
from tests.support.homes import appended, home_with
from tests.support.messages import names
from tests.support.states import all_answered, annotated, answered, project, queried, vote
from tests.support.tiny_bert import tiny

__all__ = ["tiny"]
STARTS = {"spam": "who is the man", "ham": "where is the city", "news": "how many book"}
WORDS = ("color", "number", "the", "when", "was")
WRONG = 7


@pytest.fixture
def home(tmp_path: Path, tiny: BaseModelChoice) -> Path:
    """A home with 45 labelled texts, of which one has the label of others."""
    rows = [f"{list(STARTS.values())[item % 3]} {WORDS[item % 5]} {WORDS[item // 9]}" for item in range(45)]
    (tmp_path / "mail.csv").write_text("text\n" + "".join(f"{row}\n" for row in rows))
    home = tmp_path / "home"
    made = labelloop(
        *("init", "--home", home, "--dataset", tmp_path / "mail.csv", "--labels", ",".join(STARTS), "--json"),
        *("--model", tiny.name, "--classifier", "linear", "--batch-size", 45, "--name", "mail"),
    )
    project = json.loads(made.stdout)["project"]
    answers = list(all_answered(items=range(45)).items)
    answers[WRONG] = answered(WRONG, vote("ann", "news"))

    async def label() -> None:
        log = open_log(open_home(home).log_url)
        for data in (queried(items=range(45)), annotated(*answers)):
            await log.append(new_event(project, data, source="tests"))
        await log.close()

    asyncio.run(label())
    return home


def test_suspects_are_listed_and_people_are_asked_for_the_worst(home: Path) -> None:
    listed = json.loads(labelloop("noise", "--home", home, "--most", 1, "--json").stdout)

    assert listed["judged"] == 45
    (suspect,) = listed["suspects"]
    assert (suspect["item"], suspect["label"], suspect["suggested"]) == (WRONG, "news", "ham")
    assert suspect["text"].startswith(STARTS["ham"])

    first, line = labelloop("noise", "--home", home).stdout.splitlines()
    assert names(first, 1, 45, "suspects")
    assert names(line, 7, "news", f"{suspect['confidence']:.2f}", "ham", suspect["text"])

    asked = labelloop("relabel", "--home", home, "--noise", 1)

    assert asked.exit_code == 0, asked.output
    name, data = appended(home, listed["project"])[-1]
    assert (name, data["items"]) == ("RelabelRequested", [WRONG])


def test_an_ended_project_is_told_before_any_label_is_judged(tmp_path: Path) -> None:
    ended = ProjectEnded(request="1", who="ann")
    without_texts = home_with(tmp_path / "home", project(), queried(), all_answered(), ended)

    said = error_line(labelloop("relabel", "--home", without_texts, "--noise", 1))

    assert names(said, "labelloop fork")
