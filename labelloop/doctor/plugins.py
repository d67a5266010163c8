"""Check that the installed and listed plugins can be loaded."""

from typing import Any

from labelloop.doctor.finding import FAIL, Finding
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.stopping import CRITERIA
from labelloop.learner.strategies import STRATEGIES
from labelloop.log.open import LOGS
from labelloop.oracle.open import ORACLES
from labelloop.plugins import Plugins

KINDS: tuple[Plugins[Any], ...] = (CLASSIFIERS, STRATEGIES, CRITERIA, LOGS, ORACLES)


def check_plugins() -> list[Finding]:
    """One finding per plugin whose descriptor cannot be loaded."""
    faults = sorted({fault for kind in KINDS for fault in kind.faults()})
    return [Finding("plugins", FAIL, fault) for fault in faults]
