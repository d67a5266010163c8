"""What is made of versions, times and free space."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labelloop.doctor.machine import check_disks, judge_clock, judge_disk
from labelloop.doctor.parts import check_models, judge_version
from labelloop.doctor.software import Requirement, fits, judge_python, judge_versions, parse
from schemas.parts import BaseModelChoice

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NEEDED = [
    Requirement("click", None, "<9,>=8.4.2"),
    Requirement("torch", "learner", "<2.14,>=2.13"),
    Requirement("datasets", "learner", ">=4"),
    Requirement("mypy", "dev", ""),
]
INSTALLED = {"click": "8.4.2", "torch": "2.13.0+cpu", "datasets": "5.2.0", "mypy": None}


@pytest.mark.parametrize(
    ("line", "parsed"),
    [
        ("click<9,>=8.4.2", Requirement("click", None, "<9,>=8.4.2")),
        ("mypy; extra == 'dev'", Requirement("mypy", "dev", "")),
        ('moto[server]>=5; extra == "dev"', Requirement("moto", "dev", ">=5")),
        ("small-text==2.0.0.dev4; extra == 'learner'", Requirement("small-text", "learner", "==2.0.0.dev4")),
        ("x (>=1); python_version < '3.13' and extra == 'y'", Requirement("x", "y", ">=1")),
    ],
)
def test_a_requirement_is_read(line: str, parsed: Requirement) -> None:
    assert parse(line) == parsed


@pytest.mark.parametrize(
    ("version", "bounds", "does"),
    [
        ("8.10.0", "<9,>=8.4.2", True),
        ("8.4", "<9,>=8.4.2", False),
        ("9.0", "<9,>=8.4.2", False),
        ("2.13.0+cpu", "<2.14,>=2.13", True),
        ("2.0.0.dev4", "==2.0.0.dev4", True),
        ("2.0.0.dev3", "==2.0.0.dev4", False),
        ("1", "", True),
        ("4.0", ">=4.0.0", True),
        ("4.0.0", "<4", False),
        ("4.0.1", ">=4.1", False),
        ("2.8", "==2.8.0", True),
        ("2.8.3", "==2.8.*", True),
        ("2.80.0", "==2.8.*", False),
    ],
)
def test_a_version_fits_its_bounds(version: str, bounds: str, does: bool) -> None:
    assert fits(version, bounds) is does


@pytest.mark.parametrize(("version", "level"), [("3.11.0", "ok"), ("3.10.14", "fail"), ("3.14.0", "fail")])
def test_python_is_one_that_labelloop_runs_on(version: str, level: str) -> None:
    assert judge_python(version, "<3.14,>=3.11").level == level


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, [("ok", "labelloop 1.0 with learner")]),
        (
            {"click": "7.1"},
            [("fail", "click 7.1, and labelloop needs <9,>=8.4.2: run pip install 'labelloop'")],
        ),
        (
            {"torch": "2.12.0"},
            [
                (
                    "fail",
                    "torch 2.12.0, and labelloop needs <2.14,>=2.13: run pip install 'labelloop[learner]'",
                )
            ],
        ),
        (
            {"torch": None, "datasets": None},
            [
                (
                    "warn",
                    "not installed: torch, datasets, and without it no model learns: "
                    "run pip install 'labelloop[learner]'",
                )
            ],
        ),
        ({"click": None}, [("fail", "not installed: click: run pip install 'labelloop'")]),
    ],
)
def test_packages_are_held_against_what_is_needed(
    changed: dict[str, str | None], found: list[tuple[str, str]]
) -> None:
    findings = judge_versions("1.0", NEEDED, {**INSTALLED, **changed}, {"learner": "no model learns"})

    assert [(each.level, each.said) for each in findings] == found


def test_extras_without_a_use_are_not_missed() -> None:
    (found,) = judge_versions("1.0", NEEDED, {**INSTALLED, "torch": None}, {})

    assert (found.level, found.said) == ("ok", "labelloop 1.0")


@pytest.mark.parametrize(
    ("version", "level"), [("2.8.0", "ok"), ("2.8.3", "ok"), ("2.7.1", "warn"), ("3.0", "warn")]
)
def test_argilla_is_of_the_version_that_is_tested(version: str, level: str) -> None:
    assert judge_version("http://there", version, "==2.8.0").level == level


@pytest.mark.parametrize(("free", "level"), [(50e9, "ok"), (1.9e9, "warn"), (100e6, "fail"), (0, "fail")])
def test_little_space_is_a_warning_and_hardly_any_a_failure(free: int, level: str) -> None:
    assert judge_disk(Path("/there"), free).level == level


def test_folders_on_one_disk_are_told_once_by_the_first(tmp_path: Path) -> None:
    (found,) = check_disks([tmp_path / "home", tmp_path])

    assert f"on the disk of {tmp_path}" in found.said


@pytest.mark.parametrize(
    ("told", "newest", "said"),
    [
        ({}, None, []),
        ({"Argilla": NOW - timedelta(seconds=20)}, NOW - timedelta(days=400), []),
        (
            {"Argilla": NOW - timedelta(hours=2)},
            None,
            ["this clock is 7,200 s ahead of that of Argilla: set it"],
        ),
        (
            {"Argilla": NOW + timedelta(minutes=1)},
            None,
            ["this clock is 60 s behind that of Argilla: set it"],
        ),
        (
            {},
            NOW + timedelta(minutes=1),
            ["the log's newest event is of 2026-05-01T12:01:00+00:00, 60 s from now"],
        ),
    ],
)
def test_a_clock_that_is_off_is_told(
    told: dict[str, datetime], newest: datetime | None, said: list[str]
) -> None:
    findings = judge_clock(NOW, told, newest)

    warned = [each.said for each in findings if each.level == "warn"]
    assert len(warned) == len(said)
    assert all(line.startswith(start) for line, start in zip(warned, said, strict=True))
    assert {each.level for each in findings} == {"warn" if said else "ok"}


def test_a_model_that_is_not_there_is_told_and_not_fetched(tmp_path: Path) -> None:
    used = [BaseModelChoice(name=name) for name in (str(tmp_path / "gone"), "nobody/has-this", str(tmp_path))]

    findings = check_models(used)

    assert [each.level for each in findings] == ["warn", "warn", "warn"], "another machine may train"
    assert "there is no model folder" in findings[0].said
    assert findings[0].said.endswith("; without it no model can be trained or asked on this machine")
    assert "run `hf download nobody/has-this`" in findings[1].said
    assert "has no config.json" in findings[2].said
