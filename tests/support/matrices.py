"""Matrices of tests: `make test` runs a cell or two of each, `make test-all` every one."""

from typing import Any

import pytest
from hypothesis import settings

FEW, MANY = "labelloop", "all-cells"
"""The profiles of Hypothesis for `make test` and `make test-all`."""


def cells(*first: Any, rest: tuple[Any, ...] | list[Any]) -> list[Any]:
    """Parameters for `parametrize`: the first ones always run, the rest in `make test-all` only."""
    return [*first, *(in_all_cells(value) for value in rest)]


def selected(request: pytest.FixtureRequest, parameter: str) -> list[Any]:
    """The values of a parameter with which tests of the module run now."""
    tests = [each for each in request.session.items if isinstance(each, pytest.Function)]
    calls = [
        each.callspec.params for each in tests if each.path == request.path and hasattr(each, "callspec")
    ]
    return list(dict.fromkeys(call[parameter] for call in calls if parameter in call))


def examples(number: int) -> settings:
    """So many examples of a property in `make test-all`, and a part of them in `make test`."""
    return settings(max_examples=max(1, number * settings().max_examples // 100))


def in_all_cells(*values: Any) -> Any:
    """A parameter that runs in `make test-all` only."""
    return pytest.param(*values, marks=pytest.mark.all_cells)
