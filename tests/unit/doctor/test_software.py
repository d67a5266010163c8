"""Plugins that cannot be loaded, as the doctor tells them."""

from pathlib import Path

import pytest

from labelloop.doctor.software import check_plugins
from tests.support.packages import ACME, install, install_project


def test_nothing_is_said_while_all_can_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_project(tmp_path, ACME)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(ACME))

    assert check_plugins() == []


def test_each_that_cannot_be_loaded_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "pantry", "labelloop.strategies", {"stir": "nowhere_at_all:stir"})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("LABELLOOP_PLUGINS", "nowhere_either:soup")

    found = check_plugins()

    assert [(each.check, each.level) for each in found] == [("plugins", "fail")] * 2
    assert {"nowhere_at_all", "nowhere_either"} <= set("".join(each.said for each in found).split("'"))
