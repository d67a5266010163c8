"""The address on which a home's embedded Argilla listens."""

import json
import socket
from dataclasses import asdict, dataclass

from labelloop import atomic
from labelloop.config.home import Home
from labelloop.errors import UserError

FILE = "argilla-address.json"
ANY = ("0.0.0.0", "::", "")
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 6900


@dataclass(frozen=True)
class Embedded:
    """The host and port of the embedded Argilla.

    `public_url`: the address at which people open its page, if it is another one.
    """

    host: str
    port: int
    public_url: str | None = None


def choose_address(home: Home, host: str | None, port: int | None, public_url: str | None = None) -> Embedded:
    """What is given; otherwise what held the last time, or the defaults.

    Raises UserError if the home's record is damaged.
    """
    before = _recorded(home) or Embedded(DEFAULT_HOST, DEFAULT_PORT)
    return Embedded(
        before.host if host is None else host,
        before.port if port is None else port,
        before.public_url if public_url is None else public_url.rstrip("/") or None,
    )


def remember_address(home: Home, address: Embedded) -> None:
    """Save the address for the next time."""
    atomic.write(home.path / FILE, json.dumps(asdict(address)) + "\n")


def _recorded(home: Home) -> Embedded | None:
    path = home.path / FILE
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
        return Embedded(str(recorded["host"]), int(recorded["port"]), recorded.get("public_url"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} cannot be read ({error}): remove it, and give --host and --port") from error


def check_free(host: str, port: int) -> None:
    """Raises UserError if the port cannot be used."""
    try:
        with _bound(host, port):
            return
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"port {port} on {host} cannot be used ({reason}): "
            "stop what uses it, or give another --host or --port"
        ) from error


def free_port(host: str, wanted: int = DEFAULT_PORT) -> int:
    """The wanted port if it is free, otherwise any free port."""
    for port in (wanted, 0):
        try:
            with _bound(host, port) as bound:
                return int(bound.getsockname()[1])
        except OSError:
            continue
    raise UserError(f"no port on {host} can be used: give another --host")


def local_url(host: str, port: int) -> str:
    """The URL for this machine."""
    name = "127.0.0.1" if host in ANY else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def colleagues_url(host: str, port: int) -> str | None:
    """The URL for other machines, or None if it listens on one address only."""
    return f"http://{socket.gethostname()}:{port}" if host in ANY else None


def _bound(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
