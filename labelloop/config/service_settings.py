"""The services of a deployment: their names, and their settings from the environment."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from labelloop.config.environment import SERVICE
from labelloop.errors import UserError

SERVICES = ("annotation_watcher", "querier", "trainer", "evaluator")
SUGGESTER, ALERTING, DASHBOARD = "suggester", "alerting", "dashboard"
BESIDE = (SUGGESTER, ALERTING, DASHBOARD)
"""Services that only some deployments need."""
LEARNER = "learner"
"""The process that runs the tasks of all services of one machine."""
HEADERS = "LABELLOOP_ARGILLA_HEADERS"
LLM_URL, LLM_KEY = "LABELLOOP_LLM_URL", "LABELLOOP_LLM_KEY"
ORACLE = "LABELLOOP_ORACLE"
ARGILLA = "argilla"
WEBHOOK_URL = "LABELLOOP_WEBHOOK_URL"
WEBHOOK_HOST = "LABELLOOP_WEBHOOK_HOST"
WEBHOOK_PORT = "LABELLOOP_WEBHOOK_PORT"
ENGINE = "LABELLOOP_ENGINE"
LOCAL = "local"
"""The engine that computes on this machine alone."""
KEEP_MODELS = 5
"""The default number of models kept per project."""


@dataclass(frozen=True)
class ServiceSettings:
    """The log, the store (folder or URL) and Argilla. `run` is the folder for status files.

    `oracle`: the name of the oracle plugin. If it is not Argilla, URL and key may be empty. `engine`: what
    computes. `webhook_url`: where Argilla reaches the watcher to tell of answers (None: it does not), and
    host and port where the watcher listens, if they are others.
    """

    log: str
    store: str
    argilla_url: str
    argilla_key: str = field(repr=False)
    argilla_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    run: Path | None = None
    threads: int = 1
    keep_models: int = KEEP_MODELS
    parent: int | None = None
    oracle: str = ARGILLA
    engine: str = LOCAL
    webhook_url: str | None = None
    webhook_host: str | None = None
    webhook_port: int | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = SERVICE) -> "ServiceSettings":
        """Raises UserError if a setting is missing or invalid."""
        oracle = chosen_oracle(environment)
        of_argilla = needed if oracle == ARGILLA else unneeded
        return cls(
            log=needed(environment, "LABELLOOP_LOG"),
            store=needed(environment, "LABELLOOP_STORE"),
            argilla_url=of_argilla(environment, "LABELLOOP_ARGILLA_URL"),
            argilla_key=of_argilla(environment, "LABELLOOP_ARGILLA_KEY"),
            argilla_headers=argilla_headers(environment),
            run=Path(environment["LABELLOOP_RUN"]) if environment.get("LABELLOOP_RUN") else None,
            threads=number(environment, "LABELLOOP_THREADS", default_threads()),
            keep_models=number(environment, "LABELLOOP_KEEP_MODELS", KEEP_MODELS),
            parent=number(environment, "LABELLOOP_PARENT", 0) or None,
            oracle=oracle,
            engine=chosen_engine(environment),
            webhook_url=environment.get(WEBHOOK_URL) or None,
            webhook_host=environment.get(WEBHOOK_HOST) or None,
            webhook_port=_port(environment.get(WEBHOOK_PORT)),
        )

    def to_environment(self) -> dict[str, str]:
        """The variables that `from_environment` reads."""
        environment = {
            "LABELLOOP_LOG": self.log,
            "LABELLOOP_STORE": self.store,
            "LABELLOOP_ARGILLA_URL": self.argilla_url,
            "LABELLOOP_ARGILLA_KEY": self.argilla_key,
            HEADERS: json.dumps(dict(self.argilla_headers)),
            ORACLE: self.oracle,
            ENGINE: self.engine,
            "LABELLOOP_THREADS": str(self.threads),
            "LABELLOOP_KEEP_MODELS": str(self.keep_models),
        }
        for name, value in {
            WEBHOOK_URL: self.webhook_url,
            WEBHOOK_HOST: self.webhook_host,
            WEBHOOK_PORT: self.webhook_port,
        }.items():
            if value is not None:
                environment[name] = str(value)
        if self.run is not None:
            environment["LABELLOOP_RUN"] = str(self.run)
        if self.parent is not None:
            environment["LABELLOOP_PARENT"] = str(self.parent)
        return environment


def default_threads() -> int:
    """The number of cores, at most 8, because more threads do not help with small batches."""
    return min(os.cpu_count() or 1, 8)


def chosen_oracle(environment: Mapping[str, str] = SERVICE) -> str:
    """The name of the oracle plugin. The default is Argilla."""
    return environment.get(ORACLE) or ARGILLA


def chosen_engine(environment: Mapping[str, str] = SERVICE) -> str:
    """`local`, the default, or the address of a Ray cluster. Raises UserError if it is neither."""
    return checked_engine(environment.get(ENGINE) or LOCAL)


def checked_engine(engine: str) -> str:
    """The engine, if it is `local` or the address of a Ray cluster. Raises UserError."""
    if engine != LOCAL and not _is_ray(engine):
        raise UserError(f"{ENGINE} or --engine is {engine!r}: give local, or a Ray cluster: ray://HOST:10001")
    return engine


def _is_ray(engine: str) -> bool:
    try:
        url = urlsplit(engine)
        has_port = url.port is None or url.port > 0
    except ValueError:
        return False
    is_host = bool(url.hostname) and re.fullmatch(r"[][\w.:-]+", url.netloc) is not None
    return url.scheme == "ray" and is_host and has_port and engine == f"ray://{url.netloc}"


def argilla_headers(environment: Mapping[str, str] = SERVICE) -> dict[str, str]:
    """Extra headers for Argilla: a JSON object in the environment. Raises UserError."""
    try:
        headers = json.loads(environment.get(HEADERS) or "{}")
        return {str(header): str(value) for header, value in headers.items()}
    except (ValueError, AttributeError) as error:
        raise UserError(f'{HEADERS} is not a JSON object such as {{"Authorization": "Bearer …"}}') from error


def needed(environment: Mapping[str, str], name: str) -> str:
    """The value of a variable. Raises UserError if it is not set."""
    value = environment.get(name)
    if not value:
        raise UserError(
            f"{name} is not set: start the services with `labelloop up`, or set it in the environment"
        )
    return value


def unneeded(environment: Mapping[str, str], name: str) -> str:
    """The value of a variable, or "" if it is not set."""
    return environment.get(name) or ""


def _port(value: str | None) -> int | None:
    if not value:
        return None
    if not value.isdecimal() or int(value) > 65535:
        raise UserError(f"{WEBHOOK_PORT} is {value!r}: give a port, or 0 for any that is free")
    return int(value)


def number(environment: Mapping[str, str], name: str, default: int) -> int:
    """The integer in a variable. Raises UserError if it is not one."""
    value = environment.get(name) or str(default)
    if not value.isdigit():
        raise UserError(f"{name} is {value!r}: give a whole number")
    return int(value)
