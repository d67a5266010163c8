"""What the annotation watcher does not load."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "small_text",
    "transformers",
    "argilla",
    "argilla_server",
    "datasets",
    "pandas",
    "pyarrow",
    "numpy",
}


def loaded_by(module: str) -> set[str]:
    """The top-level packages that importing a module loads, in a process of its own."""
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(said.stdout)}


@pytest.mark.parametrize(
    "module", ["services.annotation_watcher.service", "services.annotation_watcher.__main__"]
)
def test_the_watcher_loads_nothing_heavy(module: str) -> None:
    assert not loaded_by(module) & HEAVY


@pytest.mark.parametrize("name", ["trainer", "evaluator"])
def test_other_services_leave_the_learner_to_their_workers(name: str) -> None:
    assert not loaded_by(f"services.{name}.service") & {"torch", "small_text", "transformers"}


def test_the_querier_leaves_the_learner_to_its_worker() -> None:
    loaded = loaded_by("services.querier.service")

    assert not loaded & {"torch", "small_text", "transformers", "argilla", "datasets", "pandas"}
