"""Groups with one member, for readers that need the whole log."""

import secrets


def own_group() -> str:
    """A group name for `Log.follow` that no other process uses."""
    return f"view-{secrets.token_hex(4)}"
