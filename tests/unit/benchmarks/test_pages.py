"""What the page of a benchmark says of its curves."""

from dataclasses import replace
from pathlib import Path

from benchmarks.curves import Steps
from benchmarks.pages import needed, table
from benchmarks.plots import publish
from benchmarks.provenance import Provenance, Session
from tests.unit.benchmarks.test_curves import step


def steps_on_file(path: Path) -> Steps:
    """Two seeds of random; the default, which is there with half of the labels, and one seed unfinished."""
    steps = Steps(path)
    for seed in (1, 2):
        for each in (step(20, 0.4, "random", seed), step(40, 0.6, "random", seed)):
            steps.add(each)
    for each in (step(20, 0.6), step(40, 0.8), step(20, 0.9, seed=2)):
        steps.add(each)
    return steps


def session(**told: object) -> Session:
    settings = {"data": "mail", "classifier": "linear", "model": "tiny", "batch_size": 20, "threads": 1}
    return Session.now(**{"first_step": 0, **settings, **told})


def cells(lines: list[str], arm: str) -> list[str]:
    (line,) = (line for line in lines if line.startswith(f"| {arm} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_what_an_arm_needs_is_told_beside_random(tmp_path: Path) -> None:
    lines = list(needed(steps_on_file(tmp_path / "steps.jsonl"), at=40))

    assert cells(lines, "random")[1:5] == ["2", "40 (100%)", "**0.500** ± 0.000", "+0.000"]
    assert cells(lines, "default")[1:5] == ["1", "20 (50%)", "**0.700**", "+0.200"]


def test_what_was_not_measured_is_an_empty_cell(tmp_path: Path) -> None:
    steps = steps_on_file(tmp_path / "steps.jsonl")
    steps.add(step(20, 0.3, "SetFit"))

    assert cells(table(steps).splitlines(), "40")[-1] == ""
    assert cells(list(needed(steps, at=40)), "SetFit")[2:] == ["", "", "", ""]


def test_a_page_names_machines_failures_and_what_is_not_finished(tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    provenance = Provenance(path)
    provenance.begin(session())
    steps_on_file(path)
    provenance.fail("SetFit", 1, 0, "ImportError: no module `setfit`")

    page = publish(path)

    assert page == path.with_suffix(".md").read_text(encoding="utf-8")
    assert "ImportError: no module setfit" in page
    assert "default, seed 2: stopped at 20 of 40 labels" in page
    assert session().machine.split(",")[0] in page
    assert path.with_suffix(".svg").read_text(encoding="utf-8").startswith("<?xml")


def test_steps_of_a_multi_label_task_are_told_by_micro_f1(tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    Provenance(path).begin(session())
    steps = Steps(path)
    for arm, micro in (("random", 0.5), ("adaptive", 0.7)):
        steps.add(replace(step(20, 0.1, arm), micro_f1=micro))

    page = publish(path)

    assert page.startswith("# mail: micro-F1 by the number of labels")
    assert cells(page.splitlines(), "20")[1:] == ["**0.500**, F1 0.100", "**0.700**, F1 0.100"]
    drawn = path.with_suffix(".svg").read_text(encoding="utf-8")
    assert "micro-F1 on the test set" in drawn
    assert "adaptive (1 seed)" in drawn


def test_curves_of_other_settings_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    Provenance(path).begin(session(arms={"default": {"strategy": "breaking-ties"}}))

    again = Provenance(path)

    assert not again.unlike("default", {"strategy": "breaking-ties"})
    assert again.unlike("default", {"strategy": "random-sampling"})
    assert not again.unlike("random", {"strategy": "random-sampling"})
