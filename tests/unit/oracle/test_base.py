"""The oracle of a deployment: Argilla, that of an installed package, and what is wrong with a setting."""

from pathlib import Path

import pytest

from labelloop.config.service_settings import ServiceSettings
from labelloop.errors import UserError
from labelloop.oracle.argilla.oracle import ArgillaOracle
from labelloop.oracle.base import open_oracle
from tests.support.packages import install
from tests.support.strangers import STRANGERS


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package with the oracle `office` is installed."""
    install(tmp_path, "office", "labelloop.oracles", {"office": "office:OFFICE"})
    monkeypatch.syspath_prepend(str(STRANGERS / "office"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("OFFICE_FILE", str(tmp_path / "office.sqlite"))


def settings(oracle: str = "argilla", url: str = "http://127.0.0.1:1") -> ServiceSettings:
    return ServiceSettings("sqlite:///log", "store", url, "key", oracle=oracle)


async def test_argilla_is_the_oracle_unless_another_is_named() -> None:
    oracle = open_oracle(settings())

    assert isinstance(oracle, ArgillaOracle)
    await oracle.close()


@pytest.mark.usefixtures("office")
async def test_an_oracle_of_a_package_is_opened_by_its_name(tmp_path: Path) -> None:
    oracle = open_oracle(settings("office", url=""))

    ann = await oracle.project("mail-5e1f").make_account("ann")
    assert await oracle.project("mail-5e1f").accounts() == {ann: "ann"}
    assert (tmp_path / "office.sqlite").is_file()
    await oracle.close()


@pytest.mark.usefixtures("office")
def test_the_oracle_that_was_meant_is_told() -> None:
    with pytest.raises(UserError, match=r"'ofice'.*did you mean office"):
        open_oracle(settings("ofice"))


@pytest.mark.usefixtures("office")
def test_a_setting_that_an_oracle_lacks_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OFFICE_FILE")

    with pytest.raises(UserError, match="OFFICE_FILE"):
        open_oracle(settings("office"))


def test_an_address_of_argilla_that_is_none_is_told() -> None:
    with pytest.raises(UserError, match="'nowhere' is not a web address"):
        open_oracle(settings(url="nowhere"))
