"""A real Kafka that asks for TLS and a password."""

import ipaddress
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.argilla_server import free_port
from tests.support.kafka_broker import Broker, needs_java

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
USER = "labelloop"
MODULES = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class SecureKafka:
    """Where it is, the file of its certificate's authority, and the password of USER."""

    servers: str
    authority: Path
    password: str


@pytest.fixture(scope="module")
def secure_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    """A broker that only takes SASL over TLS, by any of MECHANISMS."""
    needs_java()
    folder = tmp_path_factory.mktemp("secure")
    password = secrets.token_urlsafe(12)
    authority = _certificate(folder)
    scram = [f"{name}=[name={USER},password={password}]" for name in MECHANISMS[1:]]
    broker = Broker(
        folder / "kafka",
        listener="SASL_SSL",
        more=_settings(folder / "server.pem", password),
        # A broker talks to itself as well.
        also={"INTERNAL": free_port()},
        formatting=[part for added in scram for part in ("--add-scram", added)],
    )
    try:
        broker.start()
        yield SecureKafka(broker.servers, authority, password)
    finally:
        broker.kill()


def _settings(pem: Path, password: str) -> dict[str, str]:
    return {
        "listener.security.protocol.map": "SASL_SSL:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INTERNAL",
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f'{MODULES}.plain.PlainLoginModule required user_{USER}="{password}";'
        ),
        **{
            f"listener.name.sasl_ssl.{name.lower()}.sasl.jaas.config": (
                f"{MODULES}.scram.ScramLoginModule required;"
            )
            for name in MECHANISMS[1:]
        },
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(pem),
    }


def _certificate(folder: Path) -> Path:
    """A certificate that is its own authority; the server's copy has the key with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "authority.pem").write_bytes(public)
    (folder / "server.pem").write_bytes(private + public)
    return folder / "authority.pem"
