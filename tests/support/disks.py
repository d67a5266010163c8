"""Disks that are small enough to be filled."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.needs import missing

KIBIBYTES = 2048


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB of one's own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={KIBIBYTES}k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mounting, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        missing("needs mount to make a small disk")
    if mounted.returncode:
        missing(f"needs to be root to mount a small disk: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """Another path to the folder, under which nobody can write, not even root."""
    place = folder.with_name(f"{folder.name}-read-only")
    place.mkdir()
    for mounting in (("--bind", str(folder)), ("-o", "remount,bind,ro")):
        try:
            mounted = subprocess.run(
                ["mount", *mounting, str(place)], capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            missing("needs mount for a folder that can only be read")
        if mounted.returncode:
            missing(f"needs to be root to mount a folder that can only be read: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        place.rmdir()


def fill(disk: Path) -> Path:
    """Fill the disk to its last byte; the file to remove to have space again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    return filler


def grow(disk: Path, mebibytes: int) -> None:
    """Give the small disk more space."""
    subprocess.run(["mount", "-o", f"remount,size={mebibytes}m", str(disk)], check=True)
