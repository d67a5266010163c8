"""Active learning for text classification in a team. Plugins and notebooks import from here.

Names are loaded when they are first used, so importing this package is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelloop.consumers.base import Consumer as Consumer
    from labelloop.consumers.following import follow as follow
    from labelloop.errors import Unavailable as Unavailable
    from labelloop.errors import UserError as UserError
    from labelloop.learner.classifiers.arrays import ArrayClassifier as ArrayClassifier
    from labelloop.learner.classifiers.base import LoopClassifier as LoopClassifier
    from labelloop.learner.classifiers.registry import Setting as Setting
    from labelloop.learner.descriptors import ClassifierPlugin as ClassifierPlugin
    from labelloop.learner.descriptors import StoppingPlugin as StoppingPlugin
    from labelloop.learner.descriptors import StrategyPlugin as StrategyPlugin
    from labelloop.learner.stopping.criteria import StoppingContext as StoppingContext
    from labelloop.log.built_in import sqlite_logs as sqlite_logs
    from labelloop.log.open import LogPlugin as LogPlugin
    from labelloop.loop.settings_in_force import of_model
    from labelloop.loop.state import LoopState as LoopState
    from labelloop.loop.view import ProjectView as ProjectView
    from labelloop.machines.label_functions import LabelFunctions as LabelFunctions
    from labelloop.notebook import adopt as adopt
    from labelloop.notebook import dataset as dataset
    from labelloop.notebook import rebuild as rebuild
    from labelloop.oracle.base import OraclePlugin as OraclePlugin
    from labelloop.oracle.mapping import MappingOracle as MappingOracle
    from labelloop.projects.export import rows as rows
    from labelloop.store import Store as Store
    from schemas.envelope import Event as Event
    from schemas.events import *  # noqa: F403

    settings_of = of_model

_NAMES = {
    "ArrayClassifier": "labelloop.learner.classifiers.arrays",
    "ClassifierPlugin": "labelloop.learner.descriptors",
    "Consumer": "labelloop.consumers.base",
    "Event": "schemas.envelope",
    "EventData": "schemas.events",
    "LabelFunctions": "labelloop.machines.label_functions",
    "LogPlugin": "labelloop.log.open",
    "LoopClassifier": "labelloop.learner.classifiers.base",
    "LoopState": "labelloop.loop.state",
    "MappingOracle": "labelloop.oracle.mapping",
    "OraclePlugin": "labelloop.oracle.base",
    "ProjectView": "labelloop.loop.view",
    "Setting": "labelloop.learner.classifiers.registry",
    "StoppingContext": "labelloop.learner.stopping.criteria",
    "StoppingPlugin": "labelloop.learner.descriptors",
    "Store": "labelloop.store",
    "StrategyPlugin": "labelloop.learner.descriptors",
    "Unavailable": "labelloop.errors",
    "UserError": "labelloop.errors",
    "adopt": "labelloop.notebook",
    "dataset": "labelloop.notebook",
    "follow": "labelloop.consumers.following",
    "rebuild": "labelloop.notebook",
    "rows": "labelloop.projects.export",
    "settings_of": "labelloop.loop.settings_in_force:of_model",
    "sqlite_logs": "labelloop.log.built_in",
}


def __getattr__(name: str) -> Any:
    # A module's name, as in `from labelloop import errors`, must not load the events: it is not an event.
    if name not in _NAMES and not name[0].isupper():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_module("labelloop.startup").check_packages()
    module, _, other = _NAMES.get(name, "schemas.events").partition(":")
    offered = getattr(import_module(module), other or name, None)
    if offered is None or not (name in _NAMES or name in _events()):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return offered


def __dir__() -> list[str]:
    return sorted([*globals(), *_NAMES, *_events()])


def _events() -> list[str]:
    return [event.__name__ for event in import_module("schemas.events").EVENTS.values()]
