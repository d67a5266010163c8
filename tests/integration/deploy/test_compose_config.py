"""`docker compose config` on the files as they are.

Skipped without Docker Compose 2, in CI too: not every distribution has it, and tests/unit/deploy
holds the rules.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from labelloop.config.service_settings import BESIDE
from tests.support.deployment import EXTERNAL, TLS, WHOLE, copy_deployment, services

PATH = os.environ.get("PATH", "")
ELSEWHERE = {
    "COMPOSE_FILE": EXTERNAL,
    "LABELLOOP_LOG": "kafka://kafka-1:9092,kafka-2:9092/team",
    "LABELLOOP_STORE": "s3://team/labelloop",
    "LABELLOOP_ARGILLA_URL": "https://argilla.example.org",
    "LABELLOOP_ARGILLA_KEY": "the-owners",
    "LABELLOOP_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "AWS_ACCESS_KEY_ID": "the-teams",
}


@pytest.fixture(scope="module", autouse=True)
def _needs_compose() -> None:
    compose()


@cache
def compose() -> tuple[str, ...]:
    """Docker Compose 2, as Docker's plug-in or as a program of its own."""
    for command in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(command[0]):
            version = subprocess.run([*command, "version", "--short"], capture_output=True, text=True)
            if version.returncode == 0 and not version.stdout.startswith("1."):
                return command
    pytest.skip("needs Docker Compose 2")


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    return copy_deployment(tmp_path)


def _run(folder: Path, arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": PATH, "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [*compose(), *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def config(folder: Path, *profiles: str) -> dict[str, Any]:
    chosen = [f"--profile={profile}" for profile in profiles]
    done = _run(folder, [*chosen, "config", "--format", "json"])
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower()
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def say(folder: Path, **settings: str) -> None:
    with (folder / ".env").open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())


def secrets(folder: Path) -> None:
    subprocess.run([folder / "scripts" / "secrets.sh"], capture_output=True, check=True)


def test_without_secrets_it_says_how_to_make_them(deployment: Path) -> None:
    done = _run(deployment, ["config"])

    assert done.returncode != 0
    assert "make secrets" in done.stderr


def test_with_them_it_is_valid_and_starts_what_no_profile_holds(deployment: Path) -> None:
    secrets(deployment)

    found = config(deployment)

    always = {name for name, service in services("docker-compose.yml").items() if "profiles" not in service}
    assert found["services"].keys() == {*always, "evaluator", "dashboard"}
    (page,) = found["services"]["argilla"]["ports"]
    assert (page["host_ip"], page["published"]) == ("127.0.0.1", "6900")


def test_argillas_page_is_published_where_it_is_told(deployment: Path) -> None:
    secrets(deployment)
    say(deployment, LABELLOOP_HOST="0.0.0.0", LABELLOOP_PORT="7000")

    (page,) = config(deployment)["services"]["argilla"]["ports"]

    assert (page["host_ip"], page["published"]) == ("0.0.0.0", "7000")


def test_people_are_told_where_argillas_page_is_published(deployment: Path) -> None:
    secrets(deployment)
    assert public_url(deployment) == "http://127.0.0.1:6900"

    say(deployment, LABELLOOP_HOST="10.0.0.7", LABELLOOP_PORT="7000")
    assert public_url(deployment) == "http://10.0.0.7:7000"

    say(deployment, LABELLOOP_ARGILLA_PUBLIC_URL="https://labels.example.org")
    assert public_url(deployment) == "https://labels.example.org"


def public_url(deployment: Path) -> str:
    environment: dict[str, str] = config(deployment, "cli")["services"]["cli"]["environment"]
    return environment["LABELLOOP_ARGILLA_PUBLIC_URL"]


def test_a_proxy_puts_argillas_page_behind_https_and_nothing_else_is_published_to_others(
    deployment: Path,
) -> None:
    secrets(deployment)
    say(deployment, COMPOSE_FILE=f"{WHOLE}:{TLS}", LABELLOOP_DOMAIN="labels.example.org")
    lacking = _run(deployment, ["config"])
    say(deployment, LABELLOOP_TLS="/certificates/labels.pem /certificates/labels.key")

    deployed = config(deployment)["services"]

    assert lacking.returncode != 0
    assert "LABELLOOP_TLS" in lacking.stderr
    published = {name: service["ports"] for name, service in deployed.items() if "ports" in service}
    assert published.keys() == {"tls", "dashboard"}
    assert {port["host_ip"] for port in published["dashboard"]} == {"127.0.0.1"}
    assert [port["published"] for port in published["tls"]] == ["80", "443"]
    assert deployed["trainer"]["environment"]["LABELLOOP_ARGILLA_URL"] == "http://argilla:6900"
    assert public_url(deployment) == "https://labels.example.org"
    # What the whole says of Argilla stays.
    assert "ARGILLA_DATABASE_URL" in deployed["argilla"]["environment"]


def test_the_gpu_profile_adds_services_on_a_gpu_and_the_others_can_be_left_out(deployment: Path) -> None:
    secrets(deployment)
    say(deployment, LABELLOOP_TRAINERS="0", LABELLOOP_QUERIERS="0")

    found = config(deployment, "gpu")["services"]

    assert found["trainer"]["deploy"]["replicas"] == 0
    assert found["querier"]["deploy"]["replicas"] == 0
    assert found["trainer-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert found["trainer-gpu"]["image"] != found["trainer"]["image"]


def test_who_is_to_be_told_is_told_by_a_profile(deployment: Path) -> None:
    secrets(deployment)
    say(deployment, LABELLOOP_ALERT="json://hook")

    found = config(deployment, "alerting")["services"]["alerting"]

    assert found["environment"]["LABELLOOP_ALERT"] == "json://hook"
    watched = dict(each.split("=") for each in found["environment"]["LABELLOOP_ALERT_WATCH"].split())
    assert watched["trainer"] == "http://trainer:8080"
    assert "/state" in [mount["target"] for mount in found["volumes"]]


def test_what_is_run_by_hand_has_the_settings_of_the_services(deployment: Path) -> None:
    secrets(deployment)

    found = config(deployment, "cli", "simulated")["services"]

    for name in ("cli", "annotators"):
        for variable in ("LABELLOOP_LOG", "LABELLOOP_STORE", "LABELLOOP_ARGILLA_KEY"):
            assert found[name]["environment"][variable] == found["trainer"]["environment"][variable]


def test_the_external_variant_says_what_is_missing(deployment: Path) -> None:
    say(deployment, COMPOSE_FILE=EXTERNAL)

    done = _run(deployment, ["config"])

    assert done.returncode != 0
    # Of several, it names any.
    assert any(
        name in done.stderr for name in ("LABELLOOP_LOG", "LABELLOOP_ARGILLA_URL", "LABELLOOP_ARGILLA_KEY")
    )


def test_the_external_variant_hands_on_what_it_is_told(deployment: Path) -> None:
    say(deployment, **ELSEWHERE)

    found = config(deployment, "gpu", "cli", "simulated", "evaluator", *BESIDE)["services"]

    assert found.keys() == services(EXTERNAL).keys()
    for service in found.values():
        told = {name: service["environment"].get(name) for name in ELSEWHERE}
        assert told == ELSEWHERE


def test_a_shared_folder_can_be_the_store(deployment: Path) -> None:
    secrets(deployment)
    say(deployment, LABELLOOP_STORE_FOLDER="/mnt/team")

    mounts = config(deployment)["services"]["trainer"]["volumes"]

    assert [mount["source"] for mount in mounts if mount["target"] == "/store"] == ["/mnt/team"]
