"""`labelloop push` to a stand-in of the Hub: one commit, or none."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from labelloop.learner.results import ONNX, ONNX_INT8
from labelloop.store.artifacts import MANIFEST
from tests.support.command import LABELLOOP, eventually
from tests.support.homes import home_with
from tests.support.hub import TOKEN, Hub, hub
from tests.support.messages import names
from tests.support.pushing import alone, home, left_files, model_folder, needs_onnx, own
from tests.support.states import audited

__all__ = ["alone", "home", "own"]

REPOSITORY = "user/mail"


@pytest.fixture
def there() -> Iterator[Hub]:
    with hub() as running:
        yield running


def on_hub(
    there: Hub, home: Path, tmp_path: Path, *arguments: str, **environment: str
) -> "subprocess.Popen[str]":
    """Push in a process of its own: where the Hub is, is decided when its client is imported."""
    basis = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0"}
    basis |= {"HF_HUB_DISABLE_XET": "1", "HF_ENDPOINT": there.url, "HF_TOKEN": TOKEN}
    command = [
        *LABELLOOP,
        "push",
        "--home",
        str(home),
        "--output",
        f"hf://{REPOSITORY}",
        "--json",
        *arguments,
    ]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**basis, **environment}
    )


def done_on_hub(there: Hub, home: Path, tmp_path: Path, *arguments: str) -> dict[str, Any]:
    process = on_hub(there, home, tmp_path, *arguments)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    said: dict[str, Any] = json.loads(out)
    return said


def refused_on_hub(there: Hub, home: Path, tmp_path: Path, **environment: str) -> str:
    process = on_hub(there, home, tmp_path, **environment)
    out, err = process.communicate()
    assert (process.returncode, out, len(err.splitlines())) == (2, "", 1), err
    return err


def own_files(files: Mapping[str, bytes]) -> set[str]:
    return set(files) - {".gitattributes"}


def test_on_the_hub_it_is_one_commit_and_private_and_again_none(
    there: Hub, home: Path, tmp_path: Path
) -> None:
    first = done_on_hub(there, home, tmp_path)
    again = done_on_hub(there, home, tmp_path)

    private, files = there.models[REPOSITORY]
    assert private
    assert own_files(files) == {*left_files(model_folder(home)), "README.md"}
    assert files["model.safetensors"] == (model_folder(home) / "model.safetensors").read_bytes()
    assert len(there.commits[REPOSITORY]) == 1
    assert (first["changed"], again["changed"], first["commit"]) == (True, False, again["commit"])
    assert REPOSITORY in files["README.md"].decode()


@pytest.mark.all_cells
def test_with_8_bits_the_same_command_makes_no_new_commit(there: Hub, home: Path, tmp_path: Path) -> None:
    needs_onnx()
    first = done_on_hub(there, home, tmp_path, "--int8")
    again = done_on_hub(there, home, tmp_path, "--int8")

    assert own_files(there.models[REPOSITORY][1]) >= {ONNX, ONNX_INT8}
    assert (first["changed"], again["changed"]) == (True, False)


def test_what_belongs_to_the_model_before_goes_and_what_people_put_there_stays(
    there: Hub, home: Path, tmp_path: Path
) -> None:
    done_on_hub(there, home, tmp_path)
    files = there.models[REPOSITORY][1]
    manifest = json.loads(files[MANIFEST])
    files[MANIFEST] = json.dumps({"files": {**manifest["files"], "vocab.txt": {}}}).encode()
    files |= {"vocab.txt": b"of a model before", ONNX: b"of it too", "LICENSE": b"a person's"}

    done_on_hub(there, home, tmp_path)

    assert own_files(files) == {*left_files(model_folder(home)), "README.md", "LICENSE"}
    assert len(there.commits[REPOSITORY]) == 2


def test_a_repository_of_others_is_left_alone_unless_it_is_to_be_replaced(
    there: Hub, home: Path, tmp_path: Path
) -> None:
    there.models[REPOSITORY] = (False, {"pytorch_model.bin": b"somebody's"})

    assert names(refused_on_hub(there, home, tmp_path), REPOSITORY, "--replace")
    assert there.models[REPOSITORY][1] == {"pytorch_model.bin": b"somebody's"}

    done_on_hub(there, home, tmp_path, "--replace")
    assert "model.safetensors" in there.models[REPOSITORY][1]


@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_TOKEN": "hf_wrong"}], ids=str)
def test_a_hub_that_refuses_or_is_not_asked_is_told_in_one_line(
    there: Hub, home: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    line = refused_on_hub(there, home, tmp_path, **environment)

    assert names(line, "Hub", REPOSITORY, "hf auth login")
    assert "hf_wrong" not in line
    assert not there.models


@pytest.mark.usefixtures("alone")
def test_killed_in_the_middle_of_an_upload_nobody_sees_a_part_and_the_same_command_does_it(
    there: Hub, home: Path, tmp_path: Path
) -> None:
    there.takes.clear()
    process = on_hub(there, home, tmp_path)
    eventually(there.has_begun.is_set, "a file is on its way")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    there.takes.set()
    assert own_files(there.models[REPOSITORY][1]) == set()

    done_on_hub(there, home, tmp_path)

    assert own_files(there.models[REPOSITORY][1]) == {*left_files(model_folder(home)), "README.md"}
    assert len(there.commits[REPOSITORY]) == 1


def test_public_is_said_and_the_curve_is_drawn(there: Hub, own: Path, tmp_path: Path) -> None:
    home_with(own, audited("0"))

    done_on_hub(there, own, tmp_path, "--public")
    assert not done_on_hub(there, own, tmp_path)["changed"], "the picture is the same"

    public, files = there.models[REPOSITORY]
    assert not public
    assert files["curve.png"].startswith(b"\x89PNG")
    assert b"(curve.png)" in files["README.md"]
