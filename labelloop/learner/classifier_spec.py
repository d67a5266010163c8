"""What a classifier is made of, as events record it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

from schemas.events import ProjectCreated

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"


@dataclass(frozen=True)
class ClassifierSpec:
    """A classifier by name ("transformer", "linear"), its parameters and its base model."""

    name: str
    parameters: Mapping[str, JSON]
    model: str
    revision: str | None

    @classmethod
    def of(cls, project: ProjectCreated) -> Self:
        """That of a project."""
        classifier, model = project.classifier, project.model
        return cls(classifier.name, classifier.parameters, model.name, model.revision)

    @property
    def model_name(self) -> str:
        """The base model without the folder in which it lies."""
        return Path(self.model).name if Path(self.model).is_absolute() else self.model
