"""Annotators' accounts."""

import pytest

from labelloop.errors import UserError
from labelloop.oracle.argilla import Argilla, Dataset, Missing, Refused
from tests.support.argilla_server import ArgillaServer
from tests.support.messages import raises_naming


async def test_a_new_annotator_can_work_in_the_workspace(
    argilla: Argilla, argilla_server: ArgillaServer, dataset: Dataset, name: str
) -> None:
    account = await argilla.create_annotator(name, "labelloop")

    with argilla_server.client("") as raw:
        login = raw.post("/token", data={"username": name, "password": account.password})
    async with Argilla(argilla_server.url, account.api_key) as annotator:
        me = await annotator.me()
        found = await annotator.find_dataset(dataset.name, "labelloop")
    assert login.is_success
    assert (me.id, me.username, me.role) == (account.user_id, name, "annotator")
    assert found == dataset


async def test_a_password_can_be_chosen(argilla: Argilla, argilla_server: ArgillaServer, name: str) -> None:
    account = await argilla.create_annotator(name, "labelloop", "correct horse")

    with argilla_server.client("") as raw:
        login = raw.post("/token", data={"username": name, "password": "correct horse"})
    assert account.password == "correct horse"
    assert login.is_success


async def test_a_new_name_that_a_page_would_take_for_html_is_refused(argilla: Argilla, name: str) -> None:
    with pytest.raises(Refused):
        await argilla.create_annotator(f"{name}<img src=x onerror=alert(1)>", "labelloop")

    assert all(name not in user.username for user in await argilla.users())


async def test_secrets_do_not_show_in_logs(argilla: Argilla, name: str) -> None:
    account = await argilla.create_annotator(name, "labelloop")

    assert str(account.password) not in repr(account)
    assert account.api_key not in repr(account)


async def test_an_annotator_who_is_there_joins_another_workspace(
    argilla: Argilla, argilla_server: ArgillaServer, name: str
) -> None:
    first = await argilla.create_annotator(name, f"first-{name}")

    again = await argilla.create_annotator(name, f"second-{name}")

    assert (again.user_id, again.api_key, again.password) == (first.user_id, first.api_key, None)
    with argilla_server.client(first.api_key) as raw:
        workspaces = {item["name"] for item in raw.get("/me/workspaces").json()["items"]}
    assert workspaces == {f"first-{name}", f"second-{name}"}


async def test_a_deleted_account_comes_back_as_another(
    argilla: Argilla, argilla_server: ArgillaServer, name: str
) -> None:
    first = await argilla.create_annotator(name, "labelloop")
    with argilla_server.client() as raw:
        raw.delete(f"/users/{first.user_id}").raise_for_status()
    async with Argilla(argilla_server.url, first.api_key) as gone:
        with pytest.raises(Refused):
            await gone.me()

    again = await argilla.create_annotator(name, "labelloop")

    assert again.user_id != first.user_id
    assert again.api_key != first.api_key
    assert [user.id for user in await argilla.users() if user.username == name] == [again.user_id]


async def test_a_password_that_is_too_short_is_told(argilla: Argilla, name: str) -> None:
    with raises_naming(UserError, f"'{name}'"):
        await argilla.create_annotator(name, "labelloop", "short")


async def test_a_new_password_takes_the_place_of_the_old_one(
    argilla: Argilla, argilla_server: ArgillaServer, name: str
) -> None:
    account = await argilla.create_annotator(name, "labelloop")

    chosen = await argilla.new_password(name)

    with argilla_server.client("") as raw:
        old = raw.post("/token", data={"username": name, "password": account.password})
        new = raw.post("/token", data={"username": name, "password": chosen})
    assert chosen != account.password
    assert (old.is_success, new.is_success) == (False, True)


async def test_nobody_gets_no_password(argilla: Argilla) -> None:
    with raises_naming(Missing, "nobody"):
        await argilla.new_password("nobody")
