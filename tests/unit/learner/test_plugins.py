"""A package of someone else: its plugins are checked as ours are, and nothing heavy is loaded for that."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.learner.classifiers.registry import check_classifier, factory, known_classifiers
from labelloop.learner.stopping.registry import check_classes, check_stopping, known_criteria, past
from labelloop.learner.strategies.registry import check_strategy, known_strategies
from tests.support.packages import ACME, install_project
from tests.unit.learner.test_worker import HEAVY

HOSTILE = ("os:system", "builtins:eval", "../acme_learner", "acme_learner:Centroids", "acme.centroids", "")


@pytest.fixture(autouse=True)
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install_project(tmp_path, ACME)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(ACME))
    return tmp_path


def test_it_is_offered_beside_ours() -> None:
    assert {"acme-centroids", "linear", "transformer"} <= set(known_classifiers())
    assert {"acme-spread", "breaking-ties"} <= set(known_strategies())
    assert {"acme-agreement", "kappa-average"} <= set(known_criteria())


def test_its_parameters_are_checked() -> None:
    check_classifier("acme-centroids", {"letters": 2})
    check_strategy("AcmeSpread", {"temperature": 0.5}, "acme-centroids")
    criterion = check_stopping("acme-agreement", {"models": 4})
    assert criterion is not None
    assert (criterion.name, past(criterion, {}), past(criterion, {"models": 4})) == ("AcmeAgreement", 1, 4)
    check_classes("acme-agreement", {}, 3)
    with pytest.raises(UserError, match="no parameter 'letter'; did you mean letters"):
        check_classifier("acme-centroids", {"letter": 2})
    with pytest.raises(UserError, match="is 'hot'; give a number"):
        check_strategy("acme-spread", {"temperature": "hot"}, "acme-centroids")


def test_strategies_and_classifiers_fit_by_what_they_need_and_offer() -> None:
    check_strategy("greedy-coreset", {}, "acme-centroids")
    check_strategy("acme-spread", {}, "linear")
    with pytest.raises(UserError, match="BALD does not work with the classifier acme-centroids"):
        check_strategy("bald", {}, "acme-centroids")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_neither_installed_nor_listed_is_refused(name: str) -> None:
    wrapped: dict[str, Any] = {"base_query_strategy": name}
    with pytest.raises(UserError, match="there is no classifier"):
        check_classifier(name, {})
    with pytest.raises(UserError, match="there is no classifier"):
        factory(name)
    with pytest.raises(UserError, match="there is no strategy"):
        check_strategy(name, {}, "linear")
    with pytest.raises(UserError, match="there is no strategy"):
        check_strategy("class-balancer", wrapped, "linear")
    with pytest.raises(UserError, match="there is no classifier"):
        check_strategy("greedy-coreset", {}, name)
    with pytest.raises(UserError, match="there is no stopping criterion"):
        check_stopping(name, {})


def test_all_are_checked_without_loading_anything_heavy(acme: Path) -> None:
    code = f"""
import sys
sys.path[:0] = {[str(acme), str(ACME)]!r}
from labelloop.learner.strategies.registry import check_strategy, known_strategies
from labelloop.learner.classifiers.registry import check_classifier
from labelloop.learner.stopping.registry import check_stopping, known_criteria
check_classifier("acme-centroids", {{}}), check_classifier("transformer", {{}})
check_strategy("acme-spread", {{}}, "acme-centroids"), check_stopping("acme-agreement", {{}})
print(len(known_strategies()), len(known_criteria()))
print([name for name in {HEAVY!r} if name in sys.modules])
"""

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.split() == ["23", "6", "[]"]
