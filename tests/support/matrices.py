"""Matrices of tests: `make test` runs a cell or two of each, `make test-all` every one."""

from typing import Any

import pytest


def cells(*first: Any, rest: tuple[Any, ...] | list[Any]) -> list[Any]:
    """Parameters for `parametrize`: the first ones always run, the rest in `make test-all` only."""
    return [*first, *(in_all_cells(value) for value in rest)]


def in_all_cells(*values: Any) -> Any:
    """A parameter that runs in `make test-all` only."""
    return pytest.param(*values, marks=pytest.mark.all_cells)
