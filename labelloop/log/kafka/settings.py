"""Kafka's address and settings, from a URL and the environment or a file."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.helpers import create_ssl_context

from labelloop.config.environment import KAFKA, value_in_file
from labelloop.errors import UserError

SCHEME = "kafka://"
VARIABLE = "LABELLOOP_KAFKA_"
FILE = f"{VARIABLE}FILE"
DEFAULT_PREFIX = "labelloop"
DEFAULT_PARTITIONS = 12
OURS = ("partitions", "replication")
TLS = ("ssl_cafile", "ssl_capath", "ssl_certfile", "ssl_keyfile", "ssl_password")
FIXED = frozenset(
    {
        "acks",
        "auto_offset_reset",
        "bootstrap_servers",
        "enable_auto_commit",
        "enable_idempotence",
        "group_id",
        "group_instance_id",
        "isolation_level",
        "partitioner",
        "partition_assignment_strategy",
        "transactional_id",
    }
)
SESSION_SECONDS = 10.0

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class KafkaSettings:
    """A cluster, the prefix of all names in it, and settings for aiokafka. `repr` shows no secrets.

    `replication` None: three copies, or one per broker if there are fewer brokers.
    """

    servers: tuple[str, ...]
    prefix: str = DEFAULT_PREFIX
    partitions: int = DEFAULT_PARTITIONS
    replication: int | None = None
    options: Settings = field(default_factory=dict, repr=False)

    @property
    def topic(self) -> str:
        return f"{self.prefix}.events"

    @property
    def dead_letters(self) -> str:
        """The name of the topic for dead letters."""
        return f"{self.prefix}.deadletters"

    @property
    def where(self) -> str:
        """The cluster's address, for messages."""
        return f"Kafka at {','.join(self.servers)}"

    def group(self, name: str) -> str:
        """The full name of a consumer group, which is also the prefix of transactional ids."""
        return f"{self.prefix}.{name}"

    def connection(self) -> dict[str, Any]:
        """Settings of a single connection."""
        options = self._known_to(AIOKafkaConnection)
        del options["bootstrap_servers"]
        return options

    def client(self) -> dict[str, Any]:
        """Settings of every client."""
        return self._known_to(AIOKafkaClient)

    def consumer(self, session: float) -> dict[str, Any]:
        """Settings of a consumer. `session` (seconds) applies unless the user set one."""
        session_ms = round(session * 1000)
        return {
            "session_timeout_ms": session_ms,
            "heartbeat_interval_ms": max(100, session_ms // 5),
            **self._known_to(AIOKafkaConsumer),
        }

    def producer(self) -> dict[str, Any]:
        """Settings of a producer."""
        return self._known_to(AIOKafkaProducer)

    def _known_to(self, client: Callable[..., Any]) -> dict[str, Any]:
        parameters = inspect.signature(client).parameters
        tls = {name.removeprefix("ssl_"): value for name, value in self.options.items() if name in TLS}
        options = {name: value for name, value in self.options.items() if name in parameters}
        if tls or str(options.get("security_protocol", "")).endswith("SSL"):
            options["ssl_context"] = _ssl_context(tls)
        return {"bootstrap_servers": list(self.servers), "client_id": self.prefix, **options}


def read_settings(url: str, environment: Mapping[str, str] = KAFKA) -> KafkaSettings:
    """The settings of `kafka://host:port,host:port/prefix`. Raises UserError.

    Any setting of aiokafka can be given as LABELLOOP_KAFKA_<NAME>, or in the YAML file that
    LABELLOOP_KAFKA_FILE names. LABELLOOP_KAFKA_<NAME>_FILE names a file that contains only the value, for
    example a secret.
    """
    servers, _, prefix = url.removeprefix(SCHEME).partition("/")
    names = tuple(filter(None, servers.split(",")))
    if not names or not all(_is_address(name) for name in names):
        raise UserError(f"{url} is not the address of a Kafka log: give kafka://host:9092,host:9092/prefix")
    prefix = prefix.strip("/") or DEFAULT_PREFIX
    if not all(character.isalnum() or character in "._-" for character in prefix) or len(prefix) > 200:
        raise UserError(
            f"{prefix!r} cannot be the prefix of a topic's name: use letters, digits, '.', '_' and '-'"
        )
    raw_options = {**_from_file(environment.get(FILE)), **_from_environment(environment)}
    options = {name: _converted(name, value) for name, value in raw_options.items()}
    return KafkaSettings(
        names,
        prefix,
        partitions=options.pop("partitions", DEFAULT_PARTITIONS),
        replication=options.pop("replication", None),
        options=options,
    )


def _is_address(name: str) -> bool:
    host, colon, port = name.rpartition(":")
    return bool(host and colon) and port.isdigit()


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.startswith(VARIABLE) or variable == FILE or not value:
            continue
        name = variable.removeprefix(VARIABLE).lower()
        if name.endswith("_file") and name.removesuffix("_file") in _defaults():
            settings[name.removesuffix("_file")] = value_in_file(variable, value)
        else:
            settings[name] = value
    return settings


def _from_file(path: str | None) -> dict[str, Any]:
    if not path:
        return {}
    try:
        settings = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"{path}, which {FILE} names, cannot be read ({error})") from error
    if not isinstance(settings, dict):
        raise UserError(f"{path}, which {FILE} names, must have lines such as `sasl_mechanism: PLAIN`")
    return {str(name).lower(): value for name, value in settings.items()}


def _defaults() -> dict[str, Any]:
    """Known settings by name, with their defaults."""
    defaults: dict[str, Any] = dict.fromkeys(TLS, "") | {"partitions": 1, "replication": 1}
    for client in (AIOKafkaClient, AIOKafkaConsumer, AIOKafkaProducer):
        for name, parameter in inspect.signature(client).parameters.items():
            if name != "self":
                defaults.setdefault(name, parameter.default)
    return defaults


def _converted(name: str, value: Any) -> Any:
    defaults = _defaults()
    if name not in defaults or name in FIXED:
        reason = "is set by labelloop" if name in FIXED else "is not a setting of aiokafka"
        raise UserError(f"{VARIABLE}{name.upper()}: {name} {reason}; leave it out")
    default = defaults[name]
    try:
        if isinstance(default, bool):
            return yaml.safe_load(value) if isinstance(value, str) else bool(value)
        if isinstance(default, int):
            number = int(value)
            if name in OURS and number < 1:
                raise ValueError
            return number
    except (ValueError, TypeError, yaml.YAMLError):
        raise UserError(f"{VARIABLE}{name.upper()}: give a number, for example {default}") from None
    return value


def _ssl_context(tls: Mapping[str, str]) -> Any:
    try:
        return create_ssl_context(**tls)
    except (OSError, ValueError) as error:
        named = ", ".join(tls.get(name, "") for name in ("cafile", "certfile", "keyfile") if name in tls)
        raise UserError(f"the TLS files {named} cannot be used ({error}): check their paths") from error
