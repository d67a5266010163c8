"""Where a project's files lie: URIs relative to the store's root."""

from pathlib import Path

from schemas.events import ModelTrained, ProjectCreated
from schemas.parts import Snapshot


def pool_uri(project_id: str, file_name: str) -> str:
    return f"{project_id}/pool/{file_name}"


def models_uri(project_id: str, model: str = "") -> str:
    return f"{project_id}/models/{model}".rstrip("/")


class Store:
    """A folder that every service reaches."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def snapshot(self, snapshot: Snapshot) -> Path:
        return self.root / snapshot.uri

    def pool(self, project: ProjectCreated) -> Path:
        return self.snapshot(project.pool)

    def models(self, project_id: str) -> Path:
        return self.root / models_uri(project_id)

    def model(self, trained: ModelTrained) -> Path:
        return self.root / trained.artifact

    def cache(self, project_id: str) -> Path:
        """For what can be computed again, such as embeddings."""
        return self.root / project_id / "cache"

    def uri(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()
