"""Log each outage once when it begins and once when it ends, however many parts of a service meet it."""

import logging

from labelloop.errors import Unavailable, UserError

logger = logging.getLogger(__name__)


class Outages:
    """The current outages of a service's parts. Each part has at most one."""

    def __init__(self) -> None:
        self._met: dict[str, tuple[str, str]] = {}

    def met(self, part: str, error: Unavailable | UserError, then: str = "trying again") -> None:
        """Note a part's outage, and log it, with what the part does `then`, unless it is known."""
        outage = error.outage if isinstance(error, Unavailable) else str(error)
        if not self._is_known(outage):
            logger.warning("%s; %s", error, then)
        self._met[part] = outage, str(error)

    def over(self, part: str) -> None:
        """Note that a part's outage is over, and log it if no other part waits for it."""
        outage, waiting = self._met.pop(part, (None, ""))
        if outage is not None and not self._is_known(outage):
            logger.info("available again (before: %s)", waiting)

    def left(self, part: str) -> None:
        """Forget a part that ended."""
        self._met.pop(part, None)

    def _is_known(self, outage: str) -> bool:
        return any(known == outage for known, _ in self._met.values())
