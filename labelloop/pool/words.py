"""How messages name rows, columns and labels. Pure."""

from collections.abc import Sequence

SHOWN = 3


def rows_named(rows: Sequence[int]) -> str:
    """Row numbers as people count them, from 1."""
    shown = ", ".join(f"{row + 1}" for row in rows[:SHOWN])
    return f"row{'s' * (len(rows) != 1)} {shown}{' …' if rows[SHOWN:] else ''}"
