"""Addresses and keys that cannot be right."""

from base64 import b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.oracle.argilla import Argilla, Refused
from tests.support.messages import raises_naming


@pytest.mark.parametrize(
    "url", ["", "localhost:6900", "ftp://argilla", "http://", "http://x:port", "argilla"]
)
def test_what_is_no_web_address_is_told(url: str) -> None:
    with raises_naming(UserError, repr(url), "http://host:port"):
        Argilla(url, "key")


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines", ""])
def test_a_key_that_no_header_can_hold_is_told(key: str) -> None:
    with raises_naming(UserError, "X-Argilla-Api-Key"):
        Argilla("http://localhost:6900", key)


@pytest.mark.parametrize("name", ["", " \t"])
async def test_an_annotator_without_a_name_is_refused_before_anything_is_asked(name: str) -> None:
    async with Argilla("http://127.0.0.1:1", "key") as argilla:
        with raises_naming(Refused, "name", "empty"):
            await argilla.create_annotator(name, "labelloop")


def test_a_header_that_cannot_be_sent_is_told() -> None:
    with raises_naming(UserError, "Authorization"):
        Argilla("http://localhost:6900", "key", {"Authorization": "Bearer \n"})


async def test_certificates_that_cannot_be_read_do_not_matter_to_plain_http(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    damaged = tmp_path / "certificates.pem"
    damaged.write_text("none")
    monkeypatch.setenv("SSL_CERT_FILE", str(damaged))

    async with Argilla("http://argilla:6900", "key") as argilla:
        assert argilla.url == "http://argilla:6900"


class Refusing(BaseHTTPRequestHandler):
    """Answers 503, and keeps what credentials came."""

    def do_GET(self) -> None:
        self.server.came = self.headers["Authorization"]  # type: ignore[attr-defined]
        self.send_response(503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


async def test_credentials_in_the_address_go_along_and_are_not_shown() -> None:
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.handle_request).start()
        async with Argilla(f"http://ada:s3cret@127.0.0.1:{server.server_port}", "key") as argilla:
            with raises_naming(Unavailable, 503) as raised:
                await argilla.me()

    assert server.came == f"Basic {b64encode(b'ada:s3cret').decode()}"  # type: ignore[attr-defined]
    assert "s3cret" not in str(raised.value)
