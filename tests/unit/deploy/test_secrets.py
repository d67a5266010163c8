"""`scripts/secrets.sh`: the passwords and keys of a deployment."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.deployment import ROOT, copy_deployment

NAMES = {
    "LABELLOOP_ARGILLA_KEY",
    "ARGILLA_PASSWORD",
    "ARGILLA_AUTH_SECRET_KEY",
    "POSTGRES_PASSWORD",
    "ELASTIC_PASSWORD",
    "REDIS_PASSWORD",
    "KAFKA_PASSWORD",
    "LABELLOOP_DASHBOARD_TOKEN",
}


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    return copy_deployment(tmp_path)


def generate(deployment: Path) -> str:
    script = deployment / "scripts" / "secrets.sh"
    done = subprocess.run([script], cwd="/", capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def read(deployment: Path) -> dict[str, str]:
    """What is set, but for what is no secret."""
    found = everything(deployment)
    del found["COMPOSE_PROFILES"]
    return found


def everything(deployment: Path) -> dict[str, str]:
    lines = (deployment / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_every_secret_is_another_one_that_nobody_can_guess(deployment: Path) -> None:
    generate(deployment)

    found = read(deployment)
    assert found.keys() == NAMES
    assert len(set(found.values())) == len(NAMES)
    assert all(re.fullmatch(r"[A-Za-z0-9]{40}", value) for value in found.values())


def test_two_deployments_share_no_secret(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        generate(copy_deployment(tmp_path / name))
        made.append(set(read(tmp_path / name).values()))

    assert not made[0] & made[1]


def test_only_their_owner_can_read_them(deployment: Path) -> None:
    generate(deployment)

    assert (deployment / ".env").stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_could_read_is_shut(deployment: Path) -> None:
    (deployment / ".env").write_text("MINE=1\n")
    (deployment / ".env").chmod(0o644)

    generate(deployment)

    assert (deployment / ".env").stat().st_mode & 0o777 == 0o600


def test_a_second_time_changes_nothing(deployment: Path) -> None:
    generate(deployment)
    first = (deployment / ".env").read_bytes()

    generate(deployment)

    assert (deployment / ".env").read_bytes() == first


def test_what_stands_there_stays_also_without_a_last_newline(deployment: Path) -> None:
    (deployment / ".env").write_text("LABELLOOP_PORT=7000\nKAFKA_PASSWORD=mine")

    said = generate(deployment)

    found = read(deployment)
    assert found["LABELLOOP_PORT"] == "7000"
    assert found["KAFKA_PASSWORD"] == "mine"
    assert found.keys() == {*NAMES, "LABELLOOP_PORT"}
    assert "KAFKA_PASSWORD" not in said


def test_an_empty_one_is_no_secret(deployment: Path) -> None:
    (deployment / ".env").write_text("KAFKA_PASSWORD=\n")

    generate(deployment)

    assert len(read(deployment)["KAFKA_PASSWORD"]) == 40


def test_none_is_printed(deployment: Path) -> None:
    said = generate(deployment)

    assert not [value for value in read(deployment).values() if value in said]


@pytest.mark.parametrize(("before", "chosen"), [("", "evaluator,dashboard"), ("COMPOSE_PROFILES=gpu", "gpu")])
def test_what_runs_beside_the_loop_is_chosen_unless_it_was(
    deployment: Path, before: str, chosen: str
) -> None:
    (deployment / ".env").write_text(before)

    generate(deployment)

    assert everything(deployment)["COMPOSE_PROFILES"] == chosen


def test_git_ignores_them() -> None:
    assert "/.env" in (ROOT / ".gitignore").read_text().splitlines()
