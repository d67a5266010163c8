"""Where the embedded Argilla of a home listens."""

import json
import os
from dataclasses import asdict, dataclass

from labelloop.errors import UserError
from labelloop.home import Home
from labelloop.supervisor.address import DEFAULT_HOST, DEFAULT_PORT

FILE = "argilla-address.json"


@dataclass(frozen=True)
class Embedded:
    """Where the embedded Argilla is to listen."""

    host: str
    port: int


def choose_address(home: Home, host: str | None, port: int | None) -> Embedded:
    """What is given; of what is not, what the home was last served on, or the default.

    Raises UserError when the home's record of it is damaged.
    """
    before = _recorded(home) or Embedded(DEFAULT_HOST, DEFAULT_PORT)
    return Embedded(before.host if host is None else host, before.port if port is None else port)


def remember_address(home: Home, address: Embedded) -> None:
    """Keep it for the next time."""
    path = home.path / FILE
    draft = path.with_name(f".{FILE}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(address)) + "\n", encoding="utf-8")
    draft.replace(path)


def _recorded(home: Home) -> Embedded | None:
    path = home.path / FILE
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Embedded(str(said["host"]), int(said["port"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}): remove it, and give --host and --port") from error
