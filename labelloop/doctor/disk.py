"""Free space where labelloop writes."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from labelloop.doctor.finding import FAIL, OK, WARN, Finding

LEAST, LITTLE = 200e6, 2e9


def check_disks(folders: Iterable[Path]) -> list[Finding]:
    """One finding for each disk that these folders are on, or would be."""
    places = [nearest(folder) for folder in folders]
    disks = {place.stat().st_dev: place for place in reversed(places)}
    return [judge_disk(place, shutil.disk_usage(place).free) for place in reversed(disks.values())]


def judge_disk(place: Path, free: int) -> Finding:
    said = f"{free / 1e9:,.1f} GB free on the disk of {place}"
    if free >= LITTLE:
        return Finding("disk", OK, said)
    return Finding(
        "disk",
        WARN if free >= LEAST else FAIL,
        f"{said}, and each model that is kept takes about 0.1: free some space, or keep fewer "
        "(LABELLOOP_KEEP_MODELS)",
    )


def nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(place for place in (folder, *folder.parents) if _is_folder(place))


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except OSError:
        return False
