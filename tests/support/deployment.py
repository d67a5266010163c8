"""What the compose files say, each service with what it extends."""

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
WHOLE, EXTERNAL = "docker-compose.yml", "docker-compose.external.yml"
BOTH = (WHOLE, EXTERNAL)
TLS = "deploy/tls.yml"
"""Put over the whole by COMPOSE_FILE."""
NEEDED = ("deploy", "scripts", *BOTH)

Service = dict[str, Any]
RESET = object()


class _Loader(yaml.SafeLoader):
    """Reads `!reset` too, by which one compose file takes back what another says."""


_Loader.add_constructor("!reset", lambda loader, node: RESET)


@cache
def parse(file: str) -> dict[str, Any]:
    """The file as it is written."""
    content: dict[str, Any] = yaml.load((ROOT / file).read_text(encoding="utf-8"), _Loader)
    return content


@cache
def services(file: str) -> dict[str, Service]:
    """Its services by name; of what is put over the whole, all that there are then."""
    own = parse(file)["services"]
    if file != TLS:
        return {name: _extended(service) for name, service in own.items()}
    whole = services(WHOLE)
    return {name: _merged(whole.get(name, {}), own.get(name, {})) for name in {**whole, **own}}


def volumes(file: str) -> set[str]:
    """The names of the volumes that it may mount."""
    return {*parse(file)["volumes"], *(parse(WHOLE)["volumes"] if file == TLS else ())}


def every_service() -> list[Any]:
    """Pairs of a file and the name of a service in it, for `parametrize`."""
    return [(file, name) for file in (*BOTH, TLS) for name in parse(file)["services"]]


def is_by_hand(service: Service) -> bool:
    """Whether it runs once, when someone asks for it."""
    return bool(service["restart"] == "no")


def copy_deployment(folder: Path) -> Path:
    """What `docker compose` reads, in a folder of its own, without any secrets."""
    for name in NEEDED:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


def _extended(service: Service) -> Service:
    extends = service.get("extends")
    if extends is None:
        return service
    return _merged(services(extends["file"])[extends["service"]], service)


def _merged(base: Service, service: Service) -> Service:
    merged = {**base, **service}
    for key in ("environment", "volumes"):
        if key in base and key in service:
            merged[key] = _joined(base[key], service[key])
    return {key: value for key, value in merged.items() if value is not RESET}


def _joined(base: Any, own: Any) -> Any:
    return {**base, **own} if isinstance(base, dict) else [*base, *own]
