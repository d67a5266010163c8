"""Open a deployment's oracle by the name of its plugin."""

from collections.abc import Callable
from dataclasses import dataclass

from labelloop.config.settings import ServiceSettings
from labelloop.oracle.base import Oracle
from labelloop.plugins import Plugins


@dataclass(frozen=True)
class OraclePlugin:
    """An oracle plugin: its name, and how to open it.

    `open` gets the settings of the service. It raises UserError for wrong settings, and does not connect.
    """

    name: str
    open: Callable[[ServiceSettings], Oracle]


ORACLES = Plugins("labelloop.oracles", OraclePlugin, "oracle")


def open_oracle(settings: ServiceSettings) -> Oracle:
    """The oracle that the settings name. Raises UserError if it is not installed, or for wrong settings."""
    return ORACLES.get(settings.oracle).open(settings)
