"""A real server that speaks S3, in this process: its buckets outlive a stop."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.config import Config  # type: ignore[import-untyped]
from moto.server import ThreadedMotoServer

from labelloop.store import Store, open_store
from tests.support.argilla_server import free_port

KEYS = {
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_SECRET_ACCESS_KEY": "hidden",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass
class S3Server:
    """Moto's server on a port of its own; it can be stopped and started again."""

    port: int = field(default_factory=free_port)
    _server: ThreadedMotoServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._server.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What a service needs to reach it."""
        return {**KEYS, "AWS_ENDPOINT_URL": self.url}

    @cached_property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            region_name=KEYS["AWS_DEFAULT_REGION"],
            config=Config(connect_timeout=5, read_timeout=30),
        )


@dataclass(frozen=True)
class Bucket:
    """A bucket of its own for each test; `url` is a store in it."""

    server: S3Server
    name: str
    prefix: str = "team"

    @property
    def url(self) -> str:
        return f"s3://{self.name}/{self.prefix}"

    def store(self, cache: Path, **environment: str) -> Store:
        """The store, with a cache of its own."""
        return open_store(self.url, {"LABELLOOP_CACHE": str(cache), **environment})

    def names(self) -> list[str]:
        """URIs of all that lies in the store, sorted."""
        contents = self.server.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [each["Key"].removeprefix(f"{self.prefix}/") for each in contents]

    def read(self, uri: str) -> bytes:
        content: bytes = self.server.client.get_object(Bucket=self.name, Key=self._key(uri))["Body"].read()
        return content

    def write(self, uri: str, content: bytes) -> None:
        self.server.client.put_object(Bucket=self.name, Key=self._key(uri), Body=content)

    def remove(self, uri: str) -> None:
        self.server.client.delete_object(Bucket=self.name, Key=self._key(uri))

    def _key(self, uri: str) -> str:
        return f"{self.prefix}/{uri}"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket, and an environment in which it is reached."""
    put_into(monkeypatch, s3_server.environment)
    name = f"labelloop-{secrets.token_hex(4)}"
    s3_server.client.create_bucket(Bucket=name)
    return Bucket(s3_server, name)


def put_into(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
