"""`deploy/backup.sh` and its kin, as far as that needs no engine: what they name, and what they refuse."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.deployment import ROOT, WHOLE, copy_deployment, parse
from tests.support.messages import names

SCRIPTS = ("backup.sh", "restore.sh", "drill.sh")


def run(script: str, *arguments: object, deployment: Path, **engine: str) -> subprocess.CompletedProcess[str]:
    """The script with a `docker` that does nothing but what `engine` says of its first word."""
    tools = deployment / "tools"
    tools.mkdir(exist_ok=True)
    cases = "".join(f"{word}) echo {said} ;;\n" for word, said in engine.items())
    (tools / "docker").write_text(f'#!/bin/sh\ncase "$1" in\n{cases}esac\n')
    (tools / "docker").chmod(0o755)
    command = [str(deployment / "deploy" / script), *map(str, arguments)]
    path = f"{tools}:/usr/bin:/bin"
    return subprocess.run(command, cwd="/", env={"PATH": path}, capture_output=True, text=True, check=False)


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    (tmp_path / "deployment").mkdir()
    deployment = copy_deployment(tmp_path / "deployment")
    (deployment / ".env").write_text("POSTGRES_PASSWORD=one\n")
    return deployment


@pytest.fixture
def backup(deployment: Path, tmp_path: Path) -> Path:
    done = run("backup.sh", tmp_path / "backup", deployment=deployment, volume="labelloop_x")
    assert done.returncode == 0, done.stderr
    return tmp_path / "backup"


@pytest.mark.parametrize("script", SCRIPTS[:2])
def test_a_wrong_call_is_answered_by_how_to_call_it(script: str, deployment: Path) -> None:
    done = run(script, deployment=deployment)

    assert done.returncode == 2
    assert names(done.stderr, f"deploy/{script}", "FOLDER")


def test_the_volumes_of_a_backup_are_those_of_the_compose_file() -> None:
    copied = re.findall(r"^copy (\w+)(?: (\w+))?$", (ROOT / "deploy" / "backup.sh").read_text(), re.MULTILINE)
    services = parse(WHOLE)["services"]

    assert [volume for volume, _ in copied] == ["kafka_data", "store", "postgres_data"]
    for volume, service in copied:
        assert volume in parse(WHOLE)["volumes"]
        if service:
            assert any(mount.startswith(f"{volume}:") for mount in services[service]["volumes"])


def test_a_backup_is_closed_to_others_and_lists_its_digests(backup: Path) -> None:
    files = {file.name: file.stat().st_mode & 0o777 for file in backup.iterdir()}

    assert set(files) == {"kafka_data.tar", "store.tar", "postgres_data.tar", "env", "SHA256SUMS"}
    assert set(files.values()) == {0o600}
    assert backup.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_there_is_never_written_to(backup: Path, deployment: Path) -> None:
    before = (backup / "SHA256SUMS").read_text()

    done = run("backup.sh", backup, deployment=deployment, volume="labelloop_x")

    assert done.returncode == 1
    assert names(done.stderr, backup)
    assert (backup / "SHA256SUMS").read_text() == before


def test_without_a_log_there_is_no_backup(deployment: Path, tmp_path: Path) -> None:
    done = run("backup.sh", tmp_path / "backup", deployment=deployment)

    assert done.returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deployment"]


@pytest.mark.parametrize("why", ["volumes", "damage", "passwords"])
def test_nothing_is_restored_over_what_is_there_or_from_a_damaged_backup(
    why: str, backup: Path, deployment: Path
) -> None:
    engine = {"volume": "labelloop_kafka_data"} if why == "volumes" else {}
    if why == "damage":
        (backup / "store.tar").write_text("other bytes")
    if why == "passwords":
        (deployment / ".env").write_text("POSTGRES_PASSWORD=two\n")

    done = run("restore.sh", backup, deployment=deployment, **engine)

    assert done.returncode == 1
    assert "restored:" not in done.stdout
    assert names(done.stderr, {"volumes": "labelloop_kafka_data", "damage": backup, "passwords": ".env"}[why])


def test_a_lost_env_file_comes_back(backup: Path, deployment: Path) -> None:
    (deployment / ".env").unlink()

    done = run("restore.sh", backup, "--without-argilla", deployment=deployment)

    assert done.returncode == 0, done.stderr
    assert (deployment / ".env").read_text() == "POSTGRES_PASSWORD=one\n"
    assert (deployment / ".env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("where", ["beside", "in the backup"])
def test_the_project_may_be_named_in_the_env_file(where: str, deployment: Path, tmp_path: Path) -> None:
    (deployment / ".env").write_text("POSTGRES_PASSWORD=one\nCOMPOSE_PROJECT_NAME=mine\n")
    volumes = 'x; case "$*" in *project=mine*) ;; *) echo other >>../calls ;; esac'
    done = run("backup.sh", tmp_path / "backup", deployment=deployment, volume=volumes)
    assert done.returncode == 0, done.stderr
    if where == "in the backup":
        (deployment / ".env").unlink()

    done = run("restore.sh", tmp_path / "backup", deployment=deployment, volume="labelloop_x")

    assert not (tmp_path / "calls").exists()
    assert names(done.stderr, "mine")


def test_a_restore_without_its_search_index_says_how_to_go_on(backup: Path, deployment: Path) -> None:
    done = run("restore.sh", backup, deployment=deployment, compose='x; [ "$2" != exec ]')

    assert done.returncode == 1
    assert names(done.stderr, "argilla_server search-engine reindex")
