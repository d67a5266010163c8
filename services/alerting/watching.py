"""Check the health pages of services."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
from prometheus_client.parser import text_string_to_metric_families

from labelloop.config.settings import SERVICES, SUGGESTER
from labelloop.observe.settings import bearing
from labelloop.observe.status_file import read_status_file
from labelloop.supervisor.state import read_state
from services.alerting.problems import ServiceHealth

PATIENCE = 5.0
LAG = "labelloop_lag_seconds"
STARTING = "it is starting"


class ServiceWatch:
    """Watches this machine's services, and services at given addresses.

    If a host name stands for several machines, each of them is checked. `token`: what their pages want.
    """

    def __init__(self, run: Path | None, addresses: Mapping[str, str], token: str | None = None) -> None:
        self._run = run
        self._headers = bearing(token)
        self._addresses = addresses
        self._looks: dict[str, ServiceHealth] = {}

    async def look(self, now: datetime) -> Mapping[str, ServiceHealth]:
        """The current health of each service. A problem keeps the time at which it was first seen."""
        addresses = {**self._supervised(), **self._addresses}
        # Loading certificates takes longer than a look.
        tls = any(url is not None and url.startswith("https:") for url in addresses.values())
        client = httpx.AsyncClient(timeout=PATIENCE, trust_env=False, headers=self._headers, verify=tls)
        async with client:
            looks = await asyncio.gather(*(self._look(client, url, now) for url in addresses.values()))
        before, self._looks = self._looks, {}
        for name, look in zip(addresses, looks, strict=True):
            previous = before.get(name)
            goes_on = previous is not None and previous.problem is not None and look.problem is not None
            self._looks[name] = replace(look, since=previous.since) if goes_on and previous else look
        return self._looks

    def _supervised(self) -> dict[str, str | None]:
        """The addresses of this machine's services. None while a service has none, for example at start."""
        state = read_state(self._run) if self._run is not None else None
        if state is None or self._run is None:
            return {}
        status_files = {
            name: read_status_file(self._run, name)
            for name in (*SERVICES, SUGGESTER)
            if name in state.processes
        }
        return {
            name: status_file.get("health") if status_file.get("pid") == state.processes[name].pid else None
            for name, status_file in status_files.items()
        }

    async def _look(self, client: httpx.AsyncClient, address: str | None, now: datetime) -> ServiceHealth:
        if address is None:
            return ServiceHealth(STARTING, now)
        problems, lags = [], []
        for url in await _each(address):
            try:
                ready = await client.get(f"{url}/readyz")
                metrics = await client.get(f"{url}/metrics")
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                problems.append(f"it does not answer ({type(error).__name__})")
                continue
            if ready.status_code != 200:
                problems.append(ready.text.strip()[:300])
            lags += _lags(metrics.text)
        return ServiceHealth(problems[0] if problems else None, now, max(lags, default=None))


def _lags(page: str) -> list[float]:
    """The lags on a metrics page. Empty if the page is not valid."""
    try:
        families = list(text_string_to_metric_families(page))
    except ValueError:
        return []
    return [sample.value for family in families for sample in family.samples if sample.name == LAG]


async def _each(address: str) -> list[str]:
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
    family = min(place[0] for place in resolved)
    places = sorted({str(place[4][0]) for place in resolved if place[0] == family})
    port = f":{parts.port}" if parts.port else ""
    return [
        urlunsplit(parts._replace(netloc=f"[{place}]{port}" if ":" in place else f"{place}{port}"))
        for place in places
    ]
