"""What the command line may load, and when."""

import json
import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "small_text", "datasets", "sklearn", "pandas", "argilla", "argilla_server")


def loaded(code: str) -> set[str]:
    shown = f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


def told(arguments: list[str]) -> str:
    return f"from labelloop.cli.main import cli; cli({arguments}, standalone_mode=False)"


@pytest.mark.parametrize(
    "module",
    [
        *("labelloop.cli.main", "labelloop.cli.up_run", "labelloop.projects.create", "labelloop.cli.status"),
        *("labelloop.projects.predictions.recorded", "labelloop.projects.predictions.comparing"),
    ],
)
def test_nothing_of_the_learner_or_of_argilla_s_server_is_loaded(module: str) -> None:
    assert loaded(f"import {module}").isdisjoint(HEAVY)


@pytest.mark.parametrize("arguments", [["--help"], ["init", "--help"], ["demo", "--help"]])
def test_help_waits_for_nothing_that_only_commands_need(arguments: list[str]) -> None:
    assert loaded(told(arguments)).isdisjoint({*HEAVY, "httpx", "pyarrow", "yaml", "numpy"})


def test_a_command_waits_for_nothing_that_only_others_need() -> None:
    found = loaded(told(["status", "--help"]))

    assert found.isdisjoint({*HEAVY, "pydantic", "httpx", "pyarrow", "yaml", "numpy"})
    assert {name for name in found if name.startswith("labelloop.projects")} == set()
    assert "labelloop.cli.status" in found
    assert "labelloop.cli.export" not in found


def test_the_checks_of_model_classifier_and_strategy_load_nothing_heavy() -> None:
    code = (
        "from labelloop.projects.checks import check_learner\n"
        "from labelloop.projects.options import ProjectOptions\n"
        "check_learner(ProjectOptions())"
    )

    assert loaded(code).isdisjoint(HEAVY)
