"""What stays out of the services that ask a worker."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "small_text", "sklearn", "numpy")


@pytest.mark.parametrize(
    "module",
    [
        "labelloop.learner.worker",
        "labelloop.learner.requests",
        "labelloop.learner.strategies.registry",
        "labelloop.learner.descriptors",
        "labelloop.learner.strategies.bundled",
        "labelloop.learner.stopping.bundled",
        "labelloop.learner.classifiers.parameters",
        "labelloop.store.artifacts",
        "labelloop.learner.base_model",
        "labelloop.learner.classifiers.registry",
    ],
)
def test_a_service_that_asks_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"
