"""What comes by HTTP counts as Argilla's word if it is signed, and of now. Nothing that comes does harm."""

import json
import socket
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from labelloop.oracle.argilla import receiver
from labelloop.oracle.argilla.receiver import LARGEST, TOLERANCE, Receiver, data_set_of, is_signed
from tests.support.plain_http import NO_TLS

KEY = b"a key of 32 bytes, as it were..."
SECRET = b64encode(KEY).decode()
NOW = 1_800_000_000.0
BODY = json.dumps(
    {"type": "response.created", "data": {"record": {"dataset": {"name": "mail-5e1f"}}}}
).encode()


def sign(body: bytes, at: float, secret: str = SECRET, id: str = "msg_1") -> dict[str, str]:
    """The headers of an event, by the package that Argilla signs with."""
    moment = datetime.fromtimestamp(int(at), UTC)
    signature = Webhook(secret).sign(id, moment, body.decode())
    return {"webhook-id": id, "webhook-timestamp": str(int(at)), "webhook-signature": signature}


def accepts(headers: dict[str, str], body: bytes = BODY, secret: str = SECRET) -> bool:
    id, timestamp, signature = (headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    return is_signed(secret, id, timestamp, signature, body, NOW)


@pytest.mark.parametrize("seconds", [0, TOLERANCE - 1, 1 - TOLERANCE])
@pytest.mark.parametrize("secret", [SECRET, f"whsec_{SECRET}", SECRET.rstrip("=")])
def test_what_argilla_signs_is_signed(seconds: float, secret: str) -> None:
    assert accepts(sign(BODY, NOW + seconds), secret=secret)


def test_one_signature_of_several_is_enough() -> None:
    headers = sign(BODY, NOW)

    assert accepts(headers | {"webhook-signature": f"v1a,AAAA v1, {headers['webhook-signature']} v2,x"})


@pytest.mark.parametrize("seconds", [TOLERANCE + 1, -TOLERANCE - 1, -NOW])
def test_what_is_old_or_of_the_future_is_refused(seconds: float) -> None:
    assert not accepts(sign(BODY, NOW + seconds))


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-id": "ключ"},
        {"webhook-timestamp": str(int(NOW) + 1)},
        {"webhook-timestamp": f"{int(NOW)}.0"},
        {"webhook-timestamp": f"+{int(NOW)}"},
        {"webhook-timestamp": "١٨٠٠٠٠٠٠٠٠"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "9" * 5000},
        {"webhook-timestamp": ""},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,\u00ff\u0142"},
        {"webhook-signature": " ".join(["v1,AAAA"] * 1000)},
    ],
)
def test_a_header_that_was_changed_makes_it_unsigned(changes: dict[str, str]) -> None:
    assert not accepts(sign(BODY, NOW) | changes)


def test_another_secret_body_or_version_of_signing_makes_it_unsigned() -> None:
    headers = sign(BODY, NOW)

    assert not accepts(sign(BODY, NOW, secret=b64encode(b"another").decode()))
    assert not accepts(headers, BODY + b" ")
    assert not accepts(headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")})
    assert not accepts(headers | {"webhook-signature": headers["webhook-signature"].removeprefix("v1,")})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"data"',
        b'{"data": null}',
        b'{"data": [{"record": 1}]}',
        b'{"data": {"record": {"dataset": {"name": ["mail"]}}}}',
        b'{"data": {"record": {"dataset": {"name": 1e999}}}}',
        b'{"type": "ping", "data": {"agent": "argilla-server"}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"data":' * 100_000,
    ],
)
def test_what_is_about_no_data_set_is_about_none(body: bytes) -> None:
    assert data_set_of(body) is None


@given(st.binary())
def test_no_body_does_harm(body: bytes) -> None:
    assert data_set_of(body) is None


def test_the_data_set_of_an_answer_is_found() -> None:
    assert data_set_of(BODY) == "mail-5e1f"


class TestByHTTP:
    """A receiver that listens."""

    @pytest.fixture
    def told(self) -> list[str]:
        return []

    @pytest.fixture
    def receiver(self, told: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
        monkeypatch.setattr("time.time", lambda: NOW)
        made = Receiver("127.0.0.1", 0, told.append)
        made.secret = SECRET
        yield made
        made.close()

    def post(self, receiver: Receiver, body: bytes = BODY, headers: Mapping[str, str] | None = None) -> int:
        signed = {**sign(BODY, NOW), **(headers or {})}
        url = f"http://127.0.0.1:{receiver.port}/"
        return httpx.post(url, content=body, headers=signed, verify=NO_TLS, trust_env=False).status_code

    def test_it_tells_of_each_event_also_if_it_comes_again(self, receiver: Receiver, told: list[str]) -> None:
        assert [self.post(receiver), self.post(receiver)] == [204, 204]
        assert told == ["mail-5e1f"] * 2
        assert (receiver.heard, receiver.refused) == (2, 0)

    def test_what_is_not_signed_tells_nothing(self, receiver: Receiver, told: list[str]) -> None:
        assert self.post(receiver, BODY + b" ") == 401
        assert self.post(receiver, headers={"webhook-signature": "v1,AAAA"}) == 401
        assert told == []
        assert (receiver.heard, receiver.refused) == (0, 2)

    def test_before_its_secret_is_known_it_takes_nothing(self, receiver: Receiver, told: list[str]) -> None:
        receiver.secret = None

        assert self.post(receiver) == 503
        assert told == []

    def test_a_ping_is_taken_and_tells_nothing(self, receiver: Receiver, told: list[str]) -> None:
        ping = b'{"type": "ping", "data": {}}'

        assert self.post(receiver, ping, sign(ping, NOW)) == 204
        assert told == []
        assert receiver.heard == 1

    @pytest.mark.parametrize(
        ("request_", "status"),
        [
            (b"GET / HTTP/1.1\r\n\r\n", 405),
            (b"POST / HTTP/1.1\r\n\r\n", 411),
            (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 411),
            (b"POST / HTTP/1.1\r\nContent-Length: 1_0\r\n\r\n", 411),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
            (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (LARGEST + 1), 413),
            (b"POST / HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 5000), 411),
            (b"POST /%s HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" % (b"../" * 100), 401),
        ],
    )
    def test_what_is_no_event_is_refused_before_it_is_read(
        self, receiver: Receiver, told: list[str], request_: bytes, status: int
    ) -> None:
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as connection:
            connection.sendall(request_)
            assert int(connection.recv(1000).split()[1]) == status

        assert told == []
        assert self.post(receiver) == 204

    @pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"])
    def test_who_goes_away_in_the_middle_leaves_no_trace(
        self, receiver: Receiver, capfd: pytest.CaptureFixture[str], sent: bytes
    ) -> None:
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as connection:
            connection.sendall(sent)

        assert self.post(receiver) == 204
        assert capfd.readouterr() == ("", "")

    def test_those_that_dawdle_use_up_their_room_and_no_more(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slow = [socket.create_connection(("127.0.0.1", receiver.port), timeout=30) for _ in range(8)]
        for connection in slow:
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
        while self.post(receiver) != 503:
            continue

        for connection in slow:
            connection.close()
        while self.post(receiver) != 204:
            continue


def test_a_process_holds_no_more_than_this_of_what_comes() -> None:
    assert LARGEST * receiver.MOST_AT_ONCE <= 16 * 1024 * 1024
