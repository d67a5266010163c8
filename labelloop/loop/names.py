"""The names of batches and models: "0", "1" … in the order of work, "relabel-1" and "final-1" outside it."""

from collections.abc import Iterable

RELABEL, FINAL = "relabel-", "final-"


def number_of(name: str) -> int | None:
    """The number of a batch or model in the order of work; None for one that stands outside it."""
    return int(name) if name.isdecimal() else None


def numbered(names: Iterable[str]) -> list[str]:
    """Those in the order of work."""
    return [name for name in names if name.isdecimal()]


def relabel_batch(number: int) -> str:
    """A batch of texts that people are asked for once more."""
    return f"{RELABEL}{number}"


def final_model(number: int) -> str:
    """A model of the answers that came after the last numbered one."""
    return f"{FINAL}{number}"


def is_final(model: str) -> bool:
    return model.startswith(FINAL)
