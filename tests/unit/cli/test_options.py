"""Options from the command line, a file and the environment."""

import json
from pathlib import Path
from typing import Any

import pytest
import rich_click as click
from click.testing import CliRunner

from labelloop.cli import options
from labelloop.cli.annotators import annotators
from labelloop.cli.init import init
from labelloop.cli.main import cli
from labelloop.cli.options_from_file import file, name_of
from labelloop.cli.options_from_model import project_options
from labelloop.cli.up import up
from labelloop.projects.options import ProjectOptions
from tests.support.command import error_line, labelloop
from tests.support.messages import names

ROOT = click.Context(cli)
COMMANDS = {**{name: cli.get_command(ROOT, name) for name in cli.modules}, **annotators.commands}
ALL = [command for command in COMMANDS.values() if not isinstance(command, click.Group)]


@click.command(context_settings=options.FROM_ENVIRONMENT)
@project_options("init")
@file
def show(given_options: ProjectOptions) -> None:
    click.echo(json.dumps({**given_options.model_dump(), "given": sorted(given_options.given_names)}))


def shown(*arguments: str, **environment: str) -> dict[str, Any]:
    result = CliRunner().invoke(show, arguments, env=environment, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_what_is_not_given_is_a_default() -> None:
    found = shown()

    assert (found["given"], found["batch_size"], found["labels"]) == ([], 20, None)
    assert (found["stopping"], found["stopping_parameters"]) == ("kappa-average", {})


def test_options_come_from_the_command_line() -> None:
    found = shown("--labels", "spam, ham", "--strategy-parameter", "k=3", "--strategy-parameter", "deep=true")

    assert found["labels"] == ["spam", "ham"]
    assert found["strategy_parameters"] == {"k": 3, "deep": True}
    assert found["given"] == ["labels", "strategy_parameters"]


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        (['"a, b",c'], ["a, b", "c"]),
        (['a, "b,c", d'], ["a", "b,c", "d"]),
        (["a", "b,c", '"d, e"'], ["a", "b", "c", "d, e"]),
        (['say "hi",it\'s'], ['say "hi"', "it's"]),
        (['"say ""hi""",b'], ['say "hi"', "b"]),
        ([" a ,, b "], ["a", "b"]),
    ],
)
def test_labels_are_quoted_as_in_csv_and_add_up(given: list[str], labels: list[str]) -> None:
    assert shown(*(word for each in given for word in ("--labels", each)))["labels"] == labels
    if len(given) == 1:
        assert shown(LABELLOOP_LABELS=given[0])["labels"] == labels


def test_a_quote_that_is_not_closed_is_told() -> None:
    assert names(error_line(labelloop("init", "--labels", '"a, b')), "--labels", '"a, b')


def test_options_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "project.yaml"
    file.write_text(
        "dataset: mail.csv\nbatch-size: 5\nmin_submitted: 2\nlabels: [yes, no, 'a, b']\n"
        "classifier: linear\nclassifier-parameter:\n  c: 0.5\n"
    )

    found = shown("--file", str(file), "--batch-size", "7")

    assert found["labels"] == ["yes", "no", "a, b"]
    assert (found["dataset"], found["batch_size"], found["min_submitted"]) == ("mail.csv", 7, 2)
    assert found["classifier_parameters"] == {"c": 0.5}
    assert found["given"] == [
        "batch_size",
        "classifier",
        "classifier_parameters",
        "dataset",
        "labels",
        "min_submitted",
    ]


def test_options_come_from_the_environment() -> None:
    found = shown(LABELLOOP_BATCH_SIZE="9", LABELLOOP_LABELS="a,b")

    assert (found["batch_size"], found["labels"], found["given"]) == (9, ["a", "b"], ["batch_size", "labels"])


def test_options_that_may_be_repeated_come_from_the_environment_by_semicolons() -> None:
    found = shown(
        LABELLOOP_CLASSIFIER_PARAMETER="epochs=5; learning_rate=0.1", LABELLOOP_STRATEGY_PARAMETER="k=3"
    )

    assert found["classifier_parameters"] == {"epochs": 5, "learning_rate": 0.1}
    assert found["strategy_parameters"] == {"k": 3}
    assert found["given"] == ["classifier_parameters", "strategy_parameters"]


@pytest.mark.parametrize("said", ["mail, the text", "a", "größer ✓"])
def test_the_name_of_a_column_may_hold_anything(said: str, tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text(f"text-column: {json.dumps(said)}\n")

    for found in (
        shown("--text-column", said),
        shown(LABELLOOP_TEXT_COLUMN=said),
        shown("--file", str(tmp_path / "project.yaml")),
    ):
        assert (found["text_column"], found["given"]) == ([said], ["text_column"])


def test_several_columns_are_said_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "project.yaml").write_text("text-column: [subject, body]\nshow-column: from\n")

    typed = shown("--text-column", "subject", "--text-column", "body", "--show-column", "from")

    assert (typed["text_column"], typed["show_column"]) == (["subject", "body"], ["from"])
    assert shown("--file", str(tmp_path / "project.yaml")) == typed
    assert shown(LABELLOOP_TEXT_COLUMN="subject; body", LABELLOOP_SHOW_COLUMN="from") == typed


def test_headers_come_from_the_environment_and_those_of_the_services_are_left_to_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LABELLOOP_ARGILLA_HEADERS", '{"Authorization": "Bearer of a service"}')
    monkeypatch.setenv("LABELLOOP_ARGILLA_HEADER", "Authorization=Bearer abc; X-Team=mail")

    context = up.make_context("up", [])

    assert context.params["argilla_headers"] == (("Authorization", "Bearer abc"), ("X-Team", "mail"))


@pytest.mark.parametrize("command", ALL, ids=lambda command: command.name)
def test_every_option_can_come_from_the_environment_unless_its_name_is_that_of_a_projects_option(
    command: click.Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = click.Context(command, **command.context_settings)

    for option in command.params:
        if isinstance(option, click.Option) and not (option.allow_from_autoenv or option.envvar):
            assert name_of(option) in {name_of(each) for each in init.params}
        elif isinstance(option, click.Option):
            monkeypatch.setenv(f"LABELLOOP_{name_of(option).upper().replace('-', '_')}", "said")
            assert option.resolve_envvar_value(context) == "said", option.name


def test_what_is_typed_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "project.yaml"
    file.write_text("batch-size: 1\nseed: 1\nlookahead: 1\nclassifier-parameter:\n  epochs: 1\n")
    environment = {
        "LABELLOOP_BATCH_SIZE": "2",
        "LABELLOOP_SEED": "2",
        "LABELLOOP_CLASSIFIER_PARAMETER": "epochs=2",
    }

    found = shown("--file", str(file), "--batch-size", "3", **environment)

    assert (found["batch_size"], found["seed"], found["lookahead"]) == (3, 2, 1)
    assert found["classifier_parameters"] == {"epochs": 2}


def test_guidelines_are_read_from_their_file(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text("Spam is *unasked*.")

    assert shown("--guidelines", str(tmp_path / "guide.md"))["guidelines"] == "Spam is *unasked*."


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        ("batchsize: 5", ("'batchsize'", "'batch-size'", "project.yaml")),
        ("- a\n- b", ("batch-size: 20", "project.yaml")),
        ("a: [", ("YAML", "line 1", "project.yaml")),
        ("dataset: [a, b]", ("dataset", "project.yaml")),
        ("batch-size: many", ("--batch-size", "'many'")),
    ],
)
def test_a_wrong_file_is_told_in_one_line(tmp_path: Path, content: str, facts: tuple[str, ...]) -> None:
    file = tmp_path / "project.yaml"
    file.write_text(content)

    assert names(error_line(labelloop("init", "--home", tmp_path / "home", "--file", file)), *facts)
    assert not (tmp_path / "home").exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = tmp_path / "none.yaml"

    assert names(error_line(labelloop("init", "--file", file)), file)


def test_a_parameter_without_a_value_is_told() -> None:
    said = error_line(labelloop("init", "--strategy-parameter", "k"))

    assert names(said, "--strategy-parameter", "k", "NAME=VALUE")


def test_an_unknown_option_is_told_in_one_line() -> None:
    assert names(error_line(labelloop("init", "--datset", "x")), "--datset")


@pytest.mark.parametrize("name", sorted(cli.modules))
def test_each_command_teaches_by_its_help(name: str) -> None:
    result = labelloop(name, "--help")

    assert result.exit_code == 0
    assert "Usage: " in result.output
