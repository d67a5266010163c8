"""Check the health pages of services."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx

from labelloop.alerts.problems import ServiceHealth
from labelloop.config.service_settings import SERVICES, SUGGESTER
from labelloop.observe.asking import ask, health_client
from labelloop.observe.status_file import read_status_file
from labelloop.supervisor.state import read_state

STARTING = "it is starting"


class ServiceWatch:
    """Watches this machine's services, and services at given addresses.

    If a host name stands for several machines, each of them is checked. `token`: what their pages want.
    """

    def __init__(self, run: Path | None, addresses: Mapping[str, str], token: str | None = None) -> None:
        self._run = run
        self._token = token
        self._addresses = addresses
        self._looks: dict[str, ServiceHealth] = {}

    async def look(self, now: datetime) -> Mapping[str, ServiceHealth]:
        """The current health of each service. A problem keeps the time at which it was first seen."""
        addresses = {**self._supervised(), **self._addresses}
        tls = any(url is not None and url.startswith("https:") for url in addresses.values())
        async with health_client(self._token, tls) as client:
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
        answers = await ask(client, address)
        problems = [each.problem for each in answers if each.problem is not None]
        lags = [each.lag for each in answers if each.lag is not None]
        return ServiceHealth(problems[0] if problems else None, now, max(lags, default=None))
