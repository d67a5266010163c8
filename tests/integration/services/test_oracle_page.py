"""docs/oracles.md as it stands: people who answer in a folder, and the services that know nothing of it."""

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
    """Where the file of the page is installed."""
    page = blocks(ROOT / "docs" / "oracles.md")
    (module,), (entry_points,) = page["python"], page["toml"]
    (tmp_path / "folders.py").write_text(module)
    points = tomllib.loads(entry_points)["project"]["entry-points"]
    install(tmp_path, "folders", "labelloop.oracles", points["labelloop.oracles"])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("FOLDERS", str(tmp_path / "folders"))
    return ServiceLoop(tmp_path, argilla_url="", argilla_key="", oracle="folders")


def gold(text: Path) -> str:
    return LABELS[int(text.stem) % len(LABELS)]


@pytest.mark.all_cells
def test_labels_that_are_written_into_files_make_a_batch_done(loop: ServiceLoop, tmp_path: Path) -> None:
    project = loop.create(texts(12), batch_size=3, max_batches=1)
    folder = tmp_path / "folders" / project / "0"
    try:
        loop.start("querier", "annotation_watcher")
        loop.until(lambda: len([*folder.glob("*.txt")]) == 3)
        files = sorted(folder.glob("*.txt"))
        for text in files:
            text.with_suffix(".label").write_text(gold(text))
        state = loop.wait(project, lambda state: state.batches["0"].done)
        decided = {answer.item: answer.labels for answer in state.batches["0"].revisions[0].items}
        assert decided == {int(text.stem): (gold(text),) for text in files}

        changed, taken_back, lost = files
        changed.with_suffix(".label").write_text("news" if gold(changed) != "news" else "ham")
        loop.wait(project, lambda state: len(state.batches["0"].revisions) == 2)
        taken_back.with_suffix(".label").unlink()
        state = loop.wait(project, lambda state: len(state.batches["0"].revisions) == 3)
        assert sum(not answer.votes for answer in state.batches["0"].revisions[-1].items) == 1
        before = lost.stat().st_mtime_ns
        lost.unlink()
        loop.until(lost.exists)
        loop.until(lambda: lost.with_suffix(".label").read_text() == gold(lost))
        assert lost.stat().st_mtime_ns != before
    finally:
        loop.close()
