"""What a new project records of its classifier, and what changing it changes."""

from typing import Any

import pytest

from labelloop.errors import UserError
from labelloop.learner.classifiers.parameters import SELDOM, TransformerParameters
from labelloop.learner.classifiers.registry import CLASSIFIERS, check_classifier, known_classifiers
from labelloop.learner.strategies.registry import STRATEGIES, check_strategy
from labelloop.projects.given_batches import as_written
from labelloop.projects.options import ProjectOptions
from labelloop.projects.options_as_fields import as_fields, as_option, given_fields
from schemas.model import replaced
from schemas.parts import Choice
from tests.support.loops import project
from tests.support.messages import raises_naming

RECIPE = dict(CLASSIFIERS.get("transformer").recipe)
COLUMNS = ("text_columns", "shown_columns", "metadata_columns")
OF_0_1_0: dict[str, Any] = {
    "learning_rate": 1e-4,
    "head_learning_rate": 1e-3,
    "epochs": 10,
    "min_steps": 80,
    "batch_size": 16,
    "max_length": 128,
    "pooling": "auto",
}


def with_classifier(name: str, **parameters: Any) -> Any:
    return replaced(project(), classifier=Choice(name=name, parameters=parameters))


@pytest.mark.parametrize("name", known_classifiers())
def test_a_recipe_is_one_that_the_classifier_takes(name: str) -> None:
    check_classifier(name, CLASSIFIERS.get(name).recipe)


def test_a_new_project_records_the_whole_recipe_with_what_is_given() -> None:
    fields = as_fields(ProjectOptions(dataset="mail.csv", classifier_parameters={"epochs": 3}))

    assert dict(fields["classifier"].parameters) == {**RECIPE, "epochs": 3}
    assert RECIPE.keys() == TransformerParameters.types().keys() - {*SELDOM}


def test_a_new_project_records_the_recipe_of_a_strategy_that_nobody_named() -> None:
    recipe = dict(STRATEGIES.get(ProjectOptions(dataset="mail.csv").strategy).recipe)

    default = as_fields(ProjectOptions(dataset="mail.csv"))["strategy"]
    shorter = as_fields(ProjectOptions(dataset="mail.csv", strategy_parameters={"shortlist": 900}))[
        "strategy"
    ]
    named = as_fields(ProjectOptions(dataset="mail.csv", strategy=default.name))["strategy"]

    check_strategy(default.name, recipe)
    assert dict(default.parameters) == recipe == {"shortlist": 2000}
    assert dict(shorter.parameters) == {"shortlist": 900}
    assert dict(named.parameters) == {}


def test_texts_that_no_network_scores_need_no_shortlist() -> None:
    fields = as_fields(ProjectOptions(dataset="mail.csv", classifier="linear"))

    assert dict(fields["strategy"].parameters) == {}


def test_what_a_project_does_not_record_means_what_it_meant_in_0_1_0() -> None:
    assert TransformerParameters.parse({}) == TransformerParameters(
        **OF_0_1_0,
        frozen_share=0,
        self_training=0,
        head_start="random",
        class_weights="none",
        validation_share=0,
    )


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ({}, {}),
        ({"class_weights": "balanced"}, {"class_weights": "balanced"}),
        (
            {"validation_share": 0.1, "classifier_parameters": {"patience": 3}},
            {"validation_share": 0.1, "patience": 3},
        ),
    ],
)
def test_what_few_projects_need_is_recorded_only_if_it_is_given(
    given: dict[str, Any], recorded: dict[str, Any]
) -> None:
    """An older labelloop goes on with the others."""
    classifier = as_fields(ProjectOptions(dataset="mail.csv", **given))["classifier"]

    assert dict(classifier.parameters) == {**RECIPE, **recorded}


def test_class_weights_are_changed_and_changed_back() -> None:
    before = with_classifier("transformer", epochs=3)

    weighted = given_fields(before, ProjectOptions(class_weights="balanced"))["classifier"]
    after = replaced(before, classifier=weighted)
    plain = given_fields(after, ProjectOptions(class_weights="none"))["classifier"]

    assert dict(weighted.parameters) == {"epochs": 3, "class_weights": "balanced"}
    assert dict(plain.parameters) == {"epochs": 3, "class_weights": "none"}
    assert [as_option(each, "class_weights") for each in (before, after)] == ["none", "balanced"]
    assert as_option(before, "validation_share") == 0


def test_an_option_and_a_parameter_that_differ_are_refused() -> None:
    with raises_naming(UserError, "--class-weights", "balanced", "class_weights=none"):
        ProjectOptions.of({"class_weights": "balanced", "classifier_parameters": {"class_weights": "none"}})


def test_another_parameter_leaves_the_others_as_they_are() -> None:
    older = with_classifier("transformer", learning_rate=5e-5)

    fields = given_fields(older, ProjectOptions(classifier_parameters={"epochs": 3}))

    assert dict(fields["classifier"].parameters) == {"learning_rate": 5e-5, "epochs": 3}


def test_the_same_classifier_keeps_the_recipe_that_it_has() -> None:
    older = with_classifier("transformer")

    fields = given_fields(older, ProjectOptions(classifier="transformer"))

    assert dict(fields["classifier"].parameters) == {}


def test_another_classifier_begins_with_its_recipe() -> None:
    fields = given_fields(with_classifier("linear", c=2.0), ProjectOptions(classifier="transformer"))

    assert dict(fields["classifier"].parameters) == RECIPE


@pytest.mark.parametrize(
    ("cold_start", "version"), [("random", 1), ("balanced", 1), ("typical", 2), ("of-next-year", 2)]
)
def test_what_version_1_cannot_say_begins_a_project_of_version_2(cold_start: str, version: int) -> None:
    """An older labelloop would draw at random what it does not know."""
    created = replaced(project(), cold_start=cold_start)
    unsaid = {name: getattr(created, name) for name in ("given", "lookahead_grows", *COLUMNS)}

    written = as_written(created, 3)

    assert type(written).type_name() == f"labelloop.ProjectCreated.v{version}"
    assert {**dict(written), **unsaid} == dict(created)
    assert written.given == 3


def test_a_lookahead_that_grows_begins_a_project_of_version_3() -> None:
    fields = as_fields(ProjectOptions(dataset="mail.csv", lookahead="auto"))
    created = replaced(project(), lookahead=fields["lookahead"], lookahead_grows=fields["lookahead_grows"])

    written = as_written(created, 0)

    assert dict(created).items() >= dict(written).items()
    assert type(written).type_name() == "labelloop.ProjectCreated.v3"
    assert as_option(written, "lookahead") == "auto"


@pytest.mark.parametrize("columns", COLUMNS)
def test_columns_of_a_text_begin_a_project_of_version_4(columns: str) -> None:
    """An older labelloop would show people less than they need."""
    said = {"team": "terms"} if columns == "metadata_columns" else ("subject", "body")
    created = replaced(project(), **{columns: said})

    written = as_written(created, 0)

    assert written == created
    assert type(written).type_name() == "labelloop.ProjectCreated.v4"


def test_a_fork_may_fix_a_lookahead_that_grows() -> None:
    grown = project(lookahead="auto")

    fields = given_fields(grown, ProjectOptions(lookahead=2))

    assert replaced(grown, **fields).lookahead == 2
    assert as_option(replaced(grown, **fields), "lookahead") == 2
    assert as_option(project(lookahead=2), "lookahead") == 2


def test_several_labels_a_text_begin_a_project_of_version_5() -> None:
    """An older labelloop would ask for one label, and take a text without one as withdrawn."""
    written = as_written(replaced(project(), task="multi-label"), 0)

    assert type(written).type_name() == "labelloop.ProjectCreated.v5"
    assert written.is_multi_label
