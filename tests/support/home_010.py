"""The home that 0.1.0 made, unpacked for a test, and what 0.1.0 said of it."""

import json
import tarfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from labelloop.learner.shared import SHARED
from tests.support.processor import processor

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "home_010"
SAID: dict[str, Any] = json.loads((FIXTURE / "said.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Home010:
    """The home in a folder of its own, and the cache of the Hub from which its models began."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs that is to train its models as they were trained."""
        return {
            "HF_HUB_CACHE": str(self.folder / "hub"),
            "HF_HUB_OFFLINE": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "LABELLOOP_THREADS": "1",
            SHARED: "",
        }


def unpacked(folder: Path) -> Home010:
    """A copy that the test may change."""
    with tarfile.open(FIXTURE / "home.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return Home010(folder)


def calculates_alike() -> bool:
    """Whether a training here must come to each bit of the kept weights: same processor, same libraries."""
    versions: dict[str, str] = SAID["versions"]
    return processor() == SAID["processor"] and all(version(name) == versions[name] for name in versions)
