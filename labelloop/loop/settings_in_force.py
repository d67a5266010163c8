"""The settings at a point of the loop, after any changes."""

from collections.abc import Mapping
from typing import TypeVar

from labelloop.loop.names import number_of
from labelloop.loop.state import LoopState
from schemas.events import ProjectCreated, ProjectCreatedV4
from schemas.model import replaced
from schemas.parts import Settings

Project = TypeVar("Project", bound=ProjectCreated)


def at_batch(state: LoopState, batch: int) -> ProjectCreatedV4:
    """The project's settings for a numbered batch."""
    project = state.project
    for change in state.changes:
        if change.from_batch <= batch:
            project = with_settings(project, change.settings)
    return project


def with_settings(project: Project, settings: Settings) -> Project:
    """The project with some settings replaced."""
    return replaced(project, **{name: value for name, value in settings if value is not None})


def for_next(state: LoopState) -> ProjectCreatedV4:
    """The project's settings for the next batch."""
    return at_batch(state, state.numbered)


def for_learned(state: LoopState, learned: Mapping[str, int]) -> ProjectCreatedV4:
    """The project's settings for a model of these batches: those of the newest numbered batch."""
    return at_batch(state, max((number_of(name) or 0 for name in learned), default=0))


def of_model(state: LoopState, model: str) -> ProjectCreatedV4:
    """The project's settings for a trained model."""
    return for_learned(state, state.models[model].learned)
