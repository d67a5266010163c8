"""What is made of versions, times and free space."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labelloop.doctor.examine import check_models, judge_version
from labelloop.doctor.machine import check_disks, judge_clock, judge_disk
from labelloop.doctor.software import Requirement, fits, judge_python, judge_versions, parse
from schemas.parts import BaseModelChoice
from tests.support.messages import names

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
        ("x (>=1); python_version < '3.99' and extra == 'y'", Requirement("x", "y", ">=1")),
        ("x>=1; python_version < '3' and extra == 'y'", None),
        ("x>=1; python_version < '3'", None),
        ("x[z]>=1; python_version >= '3'", Requirement("x", None, ">=1")),
    ],
)
def test_a_requirement_is_read(line: str, parsed: Requirement | None) -> None:
    assert parse(line, ("dev", "learner", "y")) == parsed


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
        ("3.14.0rc1", "<3.14,>=3.11", False),
        ("3.11.7+", "<3.14,>=3.11", True),
        ("3.0rc1", ">=2", True),
        ("some", ">=2", False),
    ],
)
def test_a_version_fits_its_bounds(version: str, bounds: str, does: bool) -> None:
    assert fits(version, bounds) is does


@pytest.mark.parametrize(("version", "level"), [("3.11.0", "ok"), ("3.10.14", "fail"), ("3.14.0", "fail")])
def test_python_is_one_that_labelloop_runs_on(version: str, level: str) -> None:
    assert judge_python(version, "<3.14,>=3.11").level == level


@pytest.mark.parametrize(
    ("changed", "level", "facts"),
    [
        ({}, "ok", ("labelloop 1.0", "learner")),
        ({"click": "7.1"}, "fail", ("click 7.1", "<9,>=8.4.2", "pip install 'labelloop'")),
        (
            {"torch": "2.12.0"},
            "fail",
            ("torch 2.12.0", "<2.14,>=2.13", "pip install 'labelloop[learner]'"),
        ),
        (
            {"torch": None, "datasets": None},
            "warn",
            ("torch", "datasets", "no model learns", "pip install 'labelloop[learner]'"),
        ),
        ({"click": None}, "fail", ("click", "pip install 'labelloop'")),
    ],
)
def test_packages_are_held_against_what_is_needed(
    changed: dict[str, str | None], level: str, facts: tuple[str, ...]
) -> None:
    (found,) = judge_versions("1.0", NEEDED, {**INSTALLED, **changed}, {"learner": "no model learns"})

    assert found.level == level
    assert names(found.said, *facts)


def test_extras_without_a_use_are_not_missed() -> None:
    (found,) = judge_versions("1.0", NEEDED, {**INSTALLED, "torch": None}, {})

    assert found.level == "ok"
    assert names(found.said, "labelloop 1.0")
    assert not names(found.said, "learner")


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

    assert names(found.said, tmp_path)


@pytest.mark.parametrize(
    ("told", "newest", "facts"),
    [
        ({}, None, ()),
        ({"Argilla": NOW - timedelta(seconds=20)}, NOW - timedelta(days=400), ()),
        ({"Argilla": NOW - timedelta(hours=2)}, None, ("7,200 s", "ahead", "Argilla")),
        ({"Argilla": NOW + timedelta(minutes=1)}, None, ("60 s", "behind", "Argilla")),
        ({}, NOW + timedelta(minutes=1), ("2026-05-01T12:01:00+00:00", "60 s")),
    ],
)
def test_a_clock_that_is_off_is_told(
    told: dict[str, datetime], newest: datetime | None, facts: tuple[str, ...]
) -> None:
    findings = judge_clock(NOW, told, newest)

    assert [each.level for each in findings] == ["warn" if facts else "ok"]
    assert names(findings[0].said, *facts)


def test_a_model_that_is_not_there_is_told_and_not_fetched(tmp_path: Path) -> None:
    used = [BaseModelChoice(name=name) for name in (str(tmp_path / "gone"), "nobody/has-this", str(tmp_path))]

    findings = check_models(used)

    assert [each.level for each in findings] == ["warn", "warn", "warn"], "another machine may train"
    assert names(findings[0].said, tmp_path / "gone")
    assert names(findings[1].said, "hf download nobody/has-this")
    assert names(findings[2].said, tmp_path, "config.json")
