"""Projects for which something is to be made."""

import asyncio
from collections.abc import Collection


class Due:
    """The projects that changed, the one that changed first, first. Several changes are one."""

    def __init__(self) -> None:
        self._has_changed = asyncio.Event()
        self._changed: dict[str, None] = {}

    def note(self, changed: Collection[str]) -> None:
        """Note that these projects changed."""
        self._changed |= dict.fromkeys(changed)
        if self._changed:
            self._has_changed.set()

    async def next(self) -> str:
        """A project that changed, once there is one. It is then no longer noted."""
        await self._has_changed.wait()
        project = next(iter(self._changed))
        del self._changed[project]
        if not self._changed:
            self._has_changed.clear()
        return project
