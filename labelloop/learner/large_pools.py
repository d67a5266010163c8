"""Of a large pool, at how many texts picks look, and how many are embedded for them already.

This module imports nothing heavy.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from labelloop import atomic

FILE = "embedded.json"
SMALL = 2
"""Times the shortlist: of a pool with no more texts, each is scored."""
DRAWN = 4
"""One in so many texts of a shortlist is drawn at random."""


def shortlist_size(size: int, n: int) -> int:
    """How many texts the model scores for a pick of `n` from a large pool."""
    return max(size, n * DRAWN)


def looked_at(size: int, number: int) -> int:
    """At how many texts of a large pool the pick of a batch looks for a shortlist of `size` texts."""
    return size * (2 + number)


@dataclass(frozen=True)
class EmbeddedTexts:
    """So many texts are embedded, of those that picks may look at."""

    texts: int
    of: int

    @property
    def is_whole(self) -> bool:
        return self.texts >= self.of

    def write(self, cache: Path) -> None:
        """Replace what the project's cache says. If the disk is full, that is kept."""
        with suppress(OSError):
            atomic.write(cache / FILE, json.dumps(asdict(self)), durable=False)

    @classmethod
    def read(cls, cache: Path) -> Self | None:
        """What the project's cache says, or None."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            content = json.loads((cache / FILE).read_bytes())
            return cls(int(content["texts"]), int(content["of"]))
        return None
