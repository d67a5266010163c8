"""How Argilla's refusals and troubles show."""

import socket

import pytest

from labelloop.errors import Unavailable, UserError
from labelloop.oracle.argilla import Argilla, Dataset, Missing, Refused
from tests.support.answering import answering
from tests.support.argilla_server import ArgillaServer, free_port
from tests.support.messages import raises_naming


async def test_the_owner_is_known_by_the_key(argilla: Argilla) -> None:
    me = await argilla.me()

    assert (me.username, me.role) == ("owner", "owner")
    assert me in await argilla.users()


async def test_a_wrong_key_says_what_to_do(argilla_server: ArgillaServer) -> None:
    async with Argilla(argilla_server.url, "wrong") as argilla:
        with raises_naming(Refused, argilla_server.url, "give an API key"):
            await argilla.me()


async def test_a_trailing_slash_and_spaces_do_no_harm(argilla_server: ArgillaServer) -> None:
    async with Argilla(f" {argilla_server.url}/ ", f" {argilla_server.login.api_key}\n") as argilla:
        assert (await argilla.me()).role == "owner"


async def test_what_only_an_owner_may_do_is_refused_to_an_annotator(
    argilla: Argilla, argilla_server: ArgillaServer, dataset: Dataset, name: str
) -> None:
    account = await argilla.create_annotator(name, "labelloop")

    async with Argilla(argilla_server.url, account.api_key) as annotator:
        with raises_naming(Refused, argilla_server.url, "owner"):
            await annotator.users()
        with raises_naming(Refused, argilla_server.url, "owner"):
            await annotator.records(dataset)


async def test_nobody_listening_is_unavailable() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    async with Argilla(url, "key") as argilla:
        with raises_naming(Unavailable, url):
            await argilla.me()


async def test_a_server_that_does_not_answer_in_time_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with Argilla(url, "key", timeout=0.1) as argilla:
            with raises_naming(Unavailable, url):
                await argilla.me()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_server_in_trouble_is_unavailable(status: int) -> None:
    with answering(status, b"<html>Bad gateway</html>") as server:
        async with Argilla(server.url, "key") as argilla:
            with raises_naming(Unavailable, server.url, status):
                await argilla.me()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>Welcome</html>"),
        (200, b'{"hello": "world"}'),
        (200, b"[]"),
        (301, b""),
        (401, b"<html>Log in</html>"),
        (401, b'{"error": "Repository not found"}'),
        (404, b"<html>Not found</html>"),
    ],
)
async def test_what_is_no_argilla_is_told(status: int, body: bytes) -> None:
    with answering(status, body) as server:
        async with Argilla(server.url, "key") as argilla:
            with raises_naming(UserError, server.url):
                await argilla.me()


async def test_a_proxy_s_own_not_found_page_is_not_a_lost_data_set() -> None:
    dataset = Dataset("00000000-0000-0000-0000-000000000000", "mail", "labelloop", ("a", "b"), "question", 1)

    with answering(404, b"<html>Not found</html>") as server:
        async with Argilla(server.url, "key") as argilla:
            with pytest.raises(Unavailable):
                await argilla.records(dataset)


async def test_a_data_set_that_was_deleted_is_missing(
    argilla: Argilla, argilla_server: ArgillaServer, dataset: Dataset
) -> None:
    with argilla_server.client() as raw:
        raw.delete(f"/datasets/{dataset.id}").raise_for_status()

    for batch in (None, 0):
        with pytest.raises(Missing):
            await argilla.records(dataset, batch)
    assert await argilla.find_dataset(dataset.name, dataset.workspace) is None


async def test_extra_headers_go_with_every_request() -> None:
    with answering(503) as server:
        async with Argilla(server.url, "the-key", {"Authorization": "Bearer of-a-space"}) as argilla:
            for ask in (argilla.me, argilla.users):
                with pytest.raises(Unavailable):
                    await ask()

    assert [(request["Authorization"], request["X-Argilla-Api-Key"]) for request in server.requests] == 2 * [
        ("Bearer of-a-space", "the-key")
    ]
