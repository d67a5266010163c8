"""The columns of a data set, as every kind of source offers them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Columns:
    """Names in the source's order, those that hold strings, and the values of one column by its name."""

    names: Sequence[str]
    textual: Sequence[str]
    values: Callable[[str], Sequence[object]]
