"""A table is written whole or not at all."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from labelloop.errors import UserError
from labelloop.projects.formats.columns import Row
from labelloop.projects.formats.places import HUB
from labelloop.projects.formats.text import as_text

_SAVED = "dataset_info.json"


def write_rows(rows: Sequence[Row], output: str | Path, kind: str) -> None:
    """Write a file (`jsonl`, `csv`, `parquet`), a folder (`datasets`), or push to the Hub (`hub`).

    What was there is replaced, but a folder that holds something else; of a link, what it leads to. On the
    Hub a data set that is not there yet is made private. Raises UserError.
    """
    if kind == "hub":
        _push(rows, str(output).removeprefix(HUB))
        return
    path = Path(output).resolve()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "datasets":
            _save(rows, draft, path)
        else:
            _write(rows, draft, kind)
            draft.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path} ({error.strerror or error}): give another --output") from error
    finally:
        _remove(draft)


def _write(rows: Sequence[Row], path: Path, kind: str) -> None:
    if kind == "parquet":
        from labelloop.projects.formats.arrow import write_parquet

        write_parquet(rows, path)
    else:
        path.write_text(as_text(rows, kind), encoding="utf-8", newline="")


def _save(rows: Sequence[Row], draft: Path, path: Path) -> None:
    from labelloop.projects.formats.arrow import as_dataset

    if path.is_dir() and any(path.iterdir()) and not (path / _SAVED).exists():
        raise UserError(f"{path} is a folder that holds other things: give a new one by --output")
    as_dataset(rows).save_to_disk(str(draft), num_shards=1)
    before = path.with_name(f"{draft.name}.before")
    if path.exists():
        path.rename(before)
    draft.rename(path)
    _remove(before)


def _push(rows: Sequence[Row], name: str) -> None:
    from labelloop.projects.formats.arrow import as_dataset

    try:
        as_dataset(rows).push_to_hub(name, private=True)
    # What its client raises has no common base, and differs by version.
    except Exception as error:
        said = " ".join(str(error).split())
        raise UserError(
            f"the Hub does not take {name} ({said}): check the name, the network and `hf auth login`, "
            "or give a file by --output"
        ) from error


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
