"""Rows that cannot be used: counted, and told in one line. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from labelloop.errors import UserError

SHOWN = 3
CORRECT = "correct them"


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a row cannot be used, where it stands in its file, and what may help."""

    reason: str
    place: str
    remedy: str = CORRECT


def refused(source: str, bad: Mapping[int, Bad], rows: int) -> UserError:
    """The error that counts all bad rows. If no other of these `rows` is left, they cannot be left out."""
    remedies = ", ".join(dict.fromkeys(each.remedy for each in bad.values()))
    if len(bad) == rows:
        return UserError(f"{source} has no row that can be used ({_reasons(bad)}); {remedies}")
    return UserError(
        f"{source} has {_counted(bad)} that cannot be used ({_reasons(bad)}); {remedies}, "
        "or leave them out with --skip-bad-rows"
    )


def no_rows(source: str) -> UserError:
    """The error for a data set that has a header at most."""
    return UserError(f"{source} holds no rows; give a data set with at least two texts")


def left_out(source: str, bad: Mapping[int, Bad], what: str = "row") -> str:
    """The note that counts them when they are left out."""
    return f"{source}: {_counted(bad, what)} left out ({_reasons(bad)})"


def _counted(bad: Mapping[int, Bad], what: str = "row") -> str:
    return f"{len(bad):,} {what}{'s' * (len(bad) != 1)}"


def _reasons(bad: Mapping[int, Bad]) -> str:
    places: dict[str, list[str]] = {}
    for row in sorted(bad):
        places.setdefault(bad[row].reason, []).append(bad[row].place)
    return "; ".join(
        f"{', '.join(where[:SHOWN])}{' …' if where[SHOWN:] else ''}: {reason}"
        for reason, where in places.items()
    )
