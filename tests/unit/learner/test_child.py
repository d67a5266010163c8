"""What a child takes over from the process that asks."""

import os
from pathlib import Path

import pytest

from labelloop.learner.child import Caller


def test_a_child_has_the_environment_and_the_folder_of_its_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELLOOP_CACHE", "of the caller")
    monkeypatch.chdir(tmp_path)
    caller = Caller.this_process()
    monkeypatch.chdir("/")
    with pytest.MonkeyPatch.context() as of_child:
        of_child.setattr(os, "environ", {"LEFT": "by the learner"})

        caller.take_over()

        assert os.environ["LABELLOOP_CACHE"] == "of the caller"
        assert "LEFT" not in os.environ
        assert Path.cwd() == tmp_path
