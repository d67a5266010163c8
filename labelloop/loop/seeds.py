"""Seeds for each decision, derived from the project's."""

import hashlib


def derived(seed: int, *purpose: str) -> int:
    """A seed (31 bits) for a purpose: the same each time, and unlike those for other purposes."""
    digest = hashlib.sha256("\0".join((str(seed), *purpose)).encode()).digest()
    return int.from_bytes(digest[:4]) & 0x7FFFFFFF
