"""Where a project's files lie: URIs relative to the store's root, and what every store does."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path

from labelloop.errors import TaskError
from labelloop.store.artifacts import MANIFEST
from schemas.events import ModelTrained, ProjectCreated
from schemas.parts import Snapshot


def pool_uri(project_id: str, file_name: str) -> str:
    return f"{project_id}/pool/{file_name}"


def models_uri(project_id: str, model: str = "") -> str:
    return f"{project_id}/models/{model}".rstrip("/")


class Store(ABC):
    """Pools and models, reached by every service. The paths it hands out are on this machine.

    Every method may block for as long as the network does, and may raise `Unavailable`, `UserError`, or
    `TaskError` (a model that is missing or damaged, a full disk).
    """

    def pool(self, project: ProjectCreated) -> Path:
        return self.snapshot(project.pool)

    @abstractmethod
    def snapshot(self, snapshot: Snapshot) -> Path:
        """The file of a pool or test set, to be read."""

    @abstractmethod
    def model(self, trained: ModelTrained) -> Path:
        """The folder of a model, to be read."""

    def find_model(self, trained: ModelTrained) -> Path | None:
        """The folder of a model, to be read; None when it is gone."""
        try:
            folder = self.model(trained)
        except TaskError as error:
            if error.kind == "model-missing":
                return None
            raise
        return folder if (folder / MANIFEST).is_file() else None

    @abstractmethod
    def models(self, project_id: str) -> Path:
        """Where models are written: the folder of a model's numbers."""

    @abstractmethod
    def publish(self, folder: Path) -> str:
        """Let everyone reach a model that was written under `models`; returns its URI."""

    @abstractmethod
    def prune(self, project_id: str, needed: Collection[str], superseded: Collection[str]) -> list[str]:
        """Remove models that are superseded and not needed, and what writers that died left an hour ago.

        Takes and returns the models' URIs.
        """

    @abstractmethod
    def cache(self, project_id: str) -> Path:
        """A folder for what can be computed again, such as embeddings."""

    @abstractmethod
    def draft(self, project_id: str) -> AbstractContextManager[Path]:
        """A folder that is the new project's if the block ends well, and leaves nothing if it fails."""

    @abstractmethod
    def add_snapshot(self, snapshot: Snapshot, file: Path) -> bool:
        """Put a copy of `file` where the snapshot lies, checked by its digest; False if it was there."""

    @abstractmethod
    def address(self, uri: str) -> str:
        """Where something lies, for people: never with a credential."""
