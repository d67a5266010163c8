"""What a service waits for, as people are told: an outage once, whoever meets it, and its end once."""

import logging

from labelloop.errors import Unavailable, UserError

logger = logging.getLogger(__name__)


class Outages:
    """The outages that the parts of a service are in, each part in one at most."""

    def __init__(self) -> None:
        self._met: dict[str, tuple[str, str]] = {}

    def met(self, part: str, error: Unavailable | UserError, then: str = "trying again") -> None:
        """A part has met an outage, and what it does `then`: said unless a part is in it already."""
        outage = error.outage if isinstance(error, Unavailable) else str(error)
        if not self._is_known(outage):
            logger.warning("%s; %s", error, then)
        self._met[part] = outage, str(error)

    def over(self, part: str) -> None:
        """What the part waited for works again: said when no part waits for it any more."""
        outage, waiting = self._met.pop(part, (None, ""))
        if outage is not None and not self._is_known(outage):
            logger.info("it works again (before: %s)", waiting)

    def left(self, part: str) -> None:
        """The part is no more, whatever it waited for."""
        self._met.pop(part, None)

    def _is_known(self, outage: str) -> bool:
        return any(known == outage for known, _ in self._met.values())
