"""Groups of one: whoever looks at a log sees all of it."""

import secrets


def own_group() -> str:
    """A name for `Log.follow` that no other process uses."""
    return f"view-{secrets.token_hex(4)}"
