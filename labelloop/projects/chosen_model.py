"""Which model of a project is used: the one that was named, or the newest in the store."""

from pathlib import Path

from labelloop.errors import UserError
from labelloop.loop.state import LoopState
from labelloop.store import Store
from schemas.events import ModelTrained


def choose_model(
    state: LoopState, store: Store, name: str | None, begun: str | None = None
) -> tuple[ModelTrained, Path]:
    """The named model, or the one that was begun with, or the newest in the store; and its folder.

    Raises UserError.
    """
    if name is not None and name not in state.models:
        model_names = ", ".join(state.models) or "none yet"
        raise UserError(f"there is no model {name!r}: choose from {model_names}")
    newest = reversed(list(state.models))
    for each in [name] if name is not None else [begun, *newest]:
        if each is not None and each in state.models:
            trained = state.models[each].latest
            if (folder := store.find_model(trained)) is not None:
                return trained, folder
    if name is not None:
        raise UserError(
            f"model {name} is no longer in the store, where the newest stay (LABELLOOP_KEEP_MODELS): "
            f"{others(state, store, name)}"
        )
    if state.models:
        raise UserError("none of the models is in the store: start the services, and they train it again")
    raise UserError(
        "there is no model yet: label the first batches, and the services train one (`labelloop up`)"
    )


def others(state: LoopState, store: Store, name: str) -> str:
    """What to do without a model: which others are in the store."""
    there = [
        each for each, trained in state.models.items() if each != name and store.has_model(trained.latest)
    ]
    if not there:
        return "no other is there; start the services, which train the newest again, and leave out --model"
    return f"choose from {', '.join(there)}, or leave out --model for the newest"
