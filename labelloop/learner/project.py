"""A project's settings as the learner's requests want them."""

from labelloop.learner.requests import ClassifierSpec
from schemas.events import ProjectCreated


def classifier_spec(project: ProjectCreated) -> ClassifierSpec:
    return ClassifierSpec(
        name=project.classifier.name,
        parameters=project.classifier.parameters,
        model=project.model.name,
        revision=project.model.revision,
    )


def is_model_lost(kind: str) -> bool:
    """Whether a task failed because its model's folder is missing or damaged."""
    return kind in {"model-missing", "model-damaged"}
