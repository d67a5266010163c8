"""docs/oracles.md as it stands: people who answer in a folder, and the services that know nothing of it."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.deployment import ROOT
from tests.support.loop import ServiceLoop, texts
from tests.support.packages import install
from tests.support.pages import blocks
from tests.support.states import LABELS


@pytest.fixture
def loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceLoop:
    """Where the files of the page are saved, and the first is installed."""
    page = blocks(ROOT / "docs" / "oracles.md")
    (module, script), (entry_points,) = page["python"], page["toml"]
    (tmp_path / "folders.py").write_text(module)
    (tmp_path / "answer.py").write_text(script)
    points = tomllib.loads(entry_points)["project"]["entry-points"]
    install(tmp_path, "folders", "labelloop.oracles", points["labelloop.oracles"])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("FOLDERS", str(tmp_path / "folders"))
    return ServiceLoop(tmp_path, argilla_url="", argilla_key="", oracle="folders")


def gold(item: int) -> str:
    return LABELS[item % len(LABELS)]


def answer(folder: Path, project: str, labels: list[str]) -> None:
    """Let Ann type labels, as the page says."""
    path = f"{folder}{os.pathsep}{ROOT}"
    subprocess.run(
        [sys.executable, str(folder / "answer.py"), project, "ann"],
        input="".join(f"{label}\n" for label in labels),
        env={**os.environ, "PYTHONPATH": path},
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
    )


@pytest.mark.all_cells
def test_labels_that_are_written_into_files_make_a_batch_done(loop: ServiceLoop, tmp_path: Path) -> None:
    project = loop.create(texts(12), batch_size=3, max_batches=1)
    folder = tmp_path / "folders" / project

    def votes(item: int) -> list[Path]:
        return sorted(folder.glob(f"vote.0.{item}.*"))

    try:
        loop.start("querier", "annotation_watcher")
        loop.until(lambda: len([*folder.glob("record.0.*")]) == 3)
        records = [json.loads(file.read_text()) for file in folder.glob("record.0.*")]
        items = [record["item"] for record in sorted(records, key=lambda record: record["rank"])]
        answer(tmp_path, project, [gold(item) for item in items])
        state = loop.wait(project, lambda state: state.batches["0"].done)
        decided = {answer.item: answer.labels for answer in state.batches["0"].revisions[0].items}
        assert decided == {item: (gold(item),) for item in items}

        changed, taken_back, lost = items
        (vote,) = votes(changed)
        other = json.loads(vote.read_text()) | {"labels": ["news" if gold(changed) != "news" else "ham"]}
        vote.write_text(json.dumps(other))
        loop.wait(project, lambda state: len(state.batches["0"].revisions) == 2)
        votes(taken_back)[0].unlink()
        state = loop.wait(project, lambda state: len(state.batches["0"].revisions) == 3)
        assert sum(not answer.votes for answer in state.batches["0"].revisions[-1].items) == 1
        record = folder / f"record.0.{lost}"
        before = json.loads(record.read_text())["id"]
        record.unlink()
        loop.until(record.exists)
        again = json.loads(record.read_text())["id"]
        assert again != before
        loop.until(lambda: any(again in vote.name for vote in votes(lost)))
        assert {tuple(json.loads(vote.read_text())["labels"]) for vote in votes(lost)} == {(gold(lost),)}
    finally:
        loop.close()
