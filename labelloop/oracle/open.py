"""The oracle of a deployment, by the name of its plugin."""

from collections.abc import Callable
from dataclasses import dataclass

from labelloop.config.settings import ServiceSettings
from labelloop.oracle.base import Oracle
from labelloop.plugins import Plugins


@dataclass(frozen=True)
class OraclePlugin:
    """What a package says of an oracle: its name, and how it is opened.

    `open` gets the settings of the service. It raises UserError for settings that are wrong, and connects to
    nothing.
    """

    name: str
    open: Callable[[ServiceSettings], Oracle]


ORACLES = Plugins("labelloop.oracles", OraclePlugin, "oracle")


def open_oracle(settings: ServiceSettings) -> Oracle:
    """The oracle that the settings name. Raises UserError where it is not here, or they are wrong."""
    return ORACLES.get(settings.oracle).open(settings)
