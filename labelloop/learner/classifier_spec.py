"""What a classifier is made of, as events record it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

from schemas.events import ProjectCreated
from schemas.parts import MULTI_LABEL as MULTI_LABEL
from schemas.parts import SINGLE_LABEL as SINGLE_LABEL
from schemas.parts import Task

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"


@dataclass(frozen=True)
class ClassifierSpec:
    """A classifier by name ("transformer", "linear"), its parameters, its base model and its task.

    `multi_label`: a text may have any number of the labels, also none.
    """

    name: str
    parameters: Mapping[str, JSON]
    model: str
    revision: str | None
    multi_label: bool = False

    @classmethod
    def of(cls, project: ProjectCreated) -> Self:
        """That of a project."""
        classifier, model = project.classifier, project.model
        is_multi_label = project.task == MULTI_LABEL
        return cls(classifier.name, classifier.parameters, model.name, model.revision, is_multi_label)

    @property
    def task(self) -> Task:
        """The task as events and descriptors name it."""
        return MULTI_LABEL if self.multi_label else SINGLE_LABEL

    @property
    def model_name(self) -> str:
        """The base model without the folder in which it lies."""
        return Path(self.model).name if Path(self.model).is_absolute() else self.model
