"""Ask the health pages of services, wherever these run."""

import asyncio
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import httpx
from prometheus_client.parser import text_string_to_metric_families

from labelloop.observe.settings import bearing

PATIENCE = 5.0
LONGEST = 300
PREFIX = "labelloop_"
LAG = f"{PREFIX}lag_seconds"


@dataclass(frozen=True)
class Sample:
    """A value on a page of metrics, by its name and its labels."""

    name: str
    labels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Answered:
    """What one process answered. `problem`: why it is not well, or None."""

    address: str
    problem: str | None
    samples: tuple[Sample, ...] = ()

    @property
    def lag(self) -> float | None:
        """The age of the oldest event that it has not folded, in seconds."""
        return max((sample.value for sample in self.samples if sample.name == LAG), default=None)


def health_client(token: str | None, tls: bool, patience: float = PATIENCE) -> httpx.AsyncClient:
    """What asks, bearing the token. Loading certificates, for `tls`, takes longer than a look."""
    return httpx.AsyncClient(timeout=patience, trust_env=False, headers=bearing(token), verify=tls)


async def ask(client: httpx.AsyncClient, address: str) -> list[Answered]:
    """The answer of each process at an address: a host name may stand for several."""
    return list(await asyncio.gather(*(_ask(client, url) for url in await each_address(address))))


async def _ask(client: httpx.AsyncClient, url: str) -> Answered:
    try:
        ready = await client.get(f"{url}/readyz")
        metrics = await client.get(f"{url}/metrics")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answered(url, f"it does not answer ({type(error).__name__})")
    problem = None if ready.status_code == 200 else ready.text.strip()[:LONGEST]
    return Answered(url, problem, samples_of(metrics.text))


def samples_of(page: str) -> tuple[Sample, ...]:
    """Our values on a page of metrics. There are none if the page is not valid."""
    try:
        families = list(text_string_to_metric_families(page))
    except ValueError:
        return ()
    return tuple(
        Sample(sample.name, dict(sample.labels), sample.value)
        for family in families
        for sample in family.samples
        if sample.name.startswith((PREFIX, "process_"))
    )


async def each_address(address: str) -> list[str]:
    """The address of each machine behind a host name, or the address itself if they are unknown."""
    parts = urlsplit(address)
    try:
        resolved = await asyncio.get_running_loop().getaddrinfo(
            parts.hostname, parts.port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        return [address]
    # A certificate is valid for the name only.
    if parts.scheme != "http":
        return [address]
    # Use one address family: a service listens on one, but its name often has both.
    family = min(known for known, *_ in resolved)
    hosts = sorted({str(endpoint[0]) for known, *_, endpoint in resolved if known == family})
    port = f":{parts.port}" if parts.port else ""
    return [
        urlunsplit(parts._replace(netloc=f"[{host}]{port}" if ":" in host else f"{host}{port}"))
        for host in hosts
    ]
