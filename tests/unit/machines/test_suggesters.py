"""What users choose, as events record it."""

from pathlib import Path
from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.machines.prompt import TEMPLATE, TEMPLATE_OF_SEVERAL
from labelloop.machines.suggesters import LlmParameters, chosen, merged
from schemas.parts import Choice

CALLED = {"spam": "junk", "ham": "ham"}


def llm(**given: Any) -> Choice:
    return chosen("llm", {"model": "tiny", **given}, CALLED, "single-label")


def rules(tmp_path: Path, content: str) -> Choice:
    (tmp_path / "rules.yaml").write_text(content)
    return chosen("rules", {"file": str(tmp_path / "rules.yaml")}, CALLED, "single-label")


def test_every_default_is_recorded() -> None:
    parameters = llm().parameters

    assert parameters["template"] == TEMPLATE
    assert LlmParameters.of(parameters) == LlmParameters.of({"model": "tiny"})
    assert {"per_second", "timeout", "max_characters"} <= parameters.keys()


def test_of_several_labels_another_template_is_the_default() -> None:
    choice = chosen("llm", {"model": "tiny"}, CALLED, "multi-label")

    assert choice.parameters["template"] == TEMPLATE_OF_SEVERAL


def test_the_template_itself_is_recorded_and_not_its_file(tmp_path: Path) -> None:
    (tmp_path / "template.txt").write_text("Which?\n{labels}")

    assert llm(template=str(tmp_path / "template.txt")).parameters["template"] == "Which?\n{labels}"


def test_parameters_alone_change_the_suggester_that_is_there() -> None:
    before = llm(per_second=7, price_in=1, price_out=2)

    after = merged(before, {"max_cost": 3}, CALLED, "single-label")

    assert after.parameters == {**before.parameters, "max_cost": 3}


@pytest.mark.parametrize(
    "given",
    [
        {"model": ""},
        {"model": 7},
        {"modle": "x"},
        {"url": "http://elsewhere/v1"},
        {"key": "secret"},
        {"per_second": 0},
        {"timeout": -1},
        {"max_cost": 1},
        {"max_batch_cost": 1, "price_in": 1},
        {"price_in": -1, "price_out": 1},
        {"max_tokens": 1.5},
        {"template": "/nowhere/template.txt"},
    ],
)
def test_parameters_that_cannot_be_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        llm(**given)


def test_a_template_without_labels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "template.txt").write_text("Which?")

    with pytest.raises(UserError):
        llm(template=str(tmp_path / "template.txt"))


def test_costs_follow_from_prices() -> None:
    assert LlmParameters.of({"model": "x", "price_in": 2.0, "price_out": 4}).cost(1000, 500) == 0.004
    assert LlmParameters.of({"model": "x"}).cost(1000, 500) is None


def test_rules_are_recorded_by_the_first_name_of_their_label(tmp_path: Path) -> None:
    choice = rules(tmp_path, "junk:\n  - (?i)prize\n  - 'cheap: pills'\nham: lunch\n")

    assert choice.parameters["rules"] == [["spam", "(?i)prize"], ["spam", "cheap: pills"], ["ham", "lunch"]]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "- prize",
        "virus: x",
        "junk:\n  - '('",
        "junk:\n",
        "junk: {a: b}",
        "junk: [[a]]",
        "junk: []",
        "a: [",
        "junk: ''",
        "junk: [a]\nham: [b]\njunk: [c]",
        "junk: [a]\n'junk': [c]",
    ],
)
def test_rules_that_cannot_be_are_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserError):
        rules(tmp_path, content)


def test_the_model_and_functions_take_no_parameters() -> None:
    assert chosen("model", {}, CALLED, "single-label") == Choice(name="model")
    for name, given in (("model", {"model": "x"}), ("rules", {}), ("rules", {"rules": [["spam", "x"]]})):
        with pytest.raises(UserError):
            chosen(name, given, CALLED, "single-label")


def test_a_suggester_that_nobody_installed_is_refused() -> None:
    with pytest.raises(UserError):
        chosen("gpt", {}, CALLED, "single-label")


def test_a_typo_is_answered_with_what_there_is() -> None:
    with pytest.raises(UserError, match="'lmm'; did you mean llm"):
        chosen("lmm", {}, CALLED, "single-label")
    with pytest.raises(UserError, match="llm, model, rules"):
        chosen("oracle of delphi", {}, CALLED, "single-label")
