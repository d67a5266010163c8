"""Each option of a project is there in every way to say it, as its model has it."""

import asyncio
from pathlib import Path
from types import NoneType, SimpleNamespace
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
import rich_click as click
from click.testing import CliRunner

from labelloop.cli import options
from labelloop.cli.demo import DemoOptions
from labelloop.cli.main import MODULES, cli
from labelloop.cli.options import NumberOr
from labelloop.cli.options_from_file import file
from labelloop.cli.options_from_model import project_options
from labelloop.errors import UserError
from labelloop.learner.classifiers.registry import CLASSIFIERS
from labelloop.learner.strategies.registry import STRATEGIES
from labelloop.log import open_log
from labelloop.notebook import adopt
from labelloop.projects import catalog
from labelloop.projects.catalog import choose, read_histories
from labelloop.projects.machines import ABOUT_MACHINES
from labelloop.projects.options import SHORT, ProjectOptions, flag, is_by_name
from labelloop.projects.options_as_fields import as_fields, as_option, given_fields, recorded_options
from schemas.events import ProjectCreated
from schemas.parts import Choice, Settings, SettingsV2, SettingsV3, SettingsV4
from tests.support.command import labelloop
from tests.support.loops import project
from tests.support.messages import raises_naming

ELSEWHERE = "argilla_dataset"
"""What `import` has no use for."""
NAMES = tuple(name for name in ProjectOptions.options() if name != ELSEWHERE)
MAKING = {"init": ProjectOptions, "up": ProjectOptions, "import": ProjectOptions, "demo": DemoOptions}
TAKING = {**MAKING, **dict.fromkeys(("add", "fork", "change", "what-if"), ProjectOptions)}
OF_TEST = {"test", "test_split", "test_text_column", "test_label_column"}
OF_GOLD = {"gold", "gold_share"}
APART = {
    *(*OF_TEST, *ABOUT_MACHINES, *OF_GOLD),
    *("gold_text_column", "gold_label_column", "label_separator", "annotators", "overlap"),
}
"""What a change takes beside the settings of ProjectCreated."""
NOT_OPTIONS = {"name", "pool", "test", "given", "forked_from"}
ANOTHER: dict[Any, tuple[str, Any]] = {
    str: ("other", "other"),
    int: ("7", 7),
    float: ("0.5", 0.5),
    bool: ("true", True),
    tuple: ("a,b", ("a", "b")),
    dict: ("n=1", {"n": 1}),
}


def another(name: str, folder: Path) -> tuple[str, Any]:
    """A value that is not the default, as it is said and as the model has it."""
    field = ProjectOptions.model_fields[name]
    kinds = [kind for kind in get_args(field.annotation) if kind is not NoneType]
    if ProjectOptions.options()[name].in_file:
        (folder / "said.md").write_text("Spam is unasked.")
        return str(folder / "said.md"), "Spam is unasked."
    if get_origin(field.annotation) is Literal:
        return (kinds[-1],) * 2
    if name in ("classifier", "lookahead"):
        return ({"classifier": "linear", "lookahead": "auto"}[name],) * 2
    if ProjectOptions.options()[name].one_each:
        return "other, too", ("other, too",)
    hint = kinds[0] if NoneType in get_args(field.annotation) else field.annotation
    if get_origin(hint) is Literal:
        return (get_args(hint)[-1],) * 2
    hint = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return ANOTHER[get_origin(hint) or hint]


@click.command(context_settings=options.FROM_ENVIRONMENT)
@project_options("import")
@file
@click.pass_obj
def show(found: list[ProjectOptions], given_options: ProjectOptions) -> None:
    found.append(given_options)


def read(*arguments: str, **environment: str) -> ProjectOptions:
    found: list[ProjectOptions] = []
    said = ["labels.csv", "--dataset", "mail.csv", *arguments]
    result = CliRunner().invoke(show, said, env=environment, obj=found, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return found[0]


def the_command(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


def params(name: str) -> dict[str, click.Parameter]:
    return {str(param.name): param for param in the_command(name).params}


def created(home: Path) -> ProjectCreated:
    async def read_project() -> ProjectCreated:
        log = open_log(f"sqlite:///{home / 'log.sqlite'}")
        state = catalog.created(choose(await read_histories(log), None))
        await log.close()
        return state.project

    return asyncio.run(read_project())


def test_each_option_is_one_of_a_new_project() -> None:
    assert tuple(ProjectOptions.taken_by("import")) == NAMES
    assert ELSEWHERE in ProjectOptions.taken_by("init")
    assert {name for name in NAMES if name not in ProjectOptions.taken_by("init")} == {
        "labelled",
        "match",
        "labelled_text_column",
        "labelled_label_column",
    }


def test_each_command_that_an_option_names_is_one() -> None:
    named = {command for option in ProjectOptions.options().values() for command in option.by}

    assert named - {"adopt"} == set(TAKING) <= set(MODULES)


@pytest.mark.parametrize("command", TAKING)
def test_a_command_takes_the_options_of_the_model_in_their_order(command: str) -> None:
    taken = list(TAKING[command].taken_by(command))

    assert [name for name in params(command) if name in taken] == taken


@pytest.mark.parametrize("command", MAKING)
def test_the_defaults_and_the_help_of_a_command_are_those_of_the_model(command: str) -> None:
    model = MAKING[command]

    for name, option in model.taken_by(command).items():
        param, default = params(command)[name], model.model_fields[name].default
        if isinstance(param, click.Option):
            assert (param.help, param.opts) == (option.help, [flag(name)])
            assert bool(param.show_default) == (default not in (None, {}) and default is not False), name
        assert param.to_info_dict()["default"] == (None if is_by_name(name) else default), name


def test_what_is_not_said_is_the_default_of_the_model() -> None:
    assert read() == ProjectOptions(labelled="labels.csv", dataset="mail.csv")


def test_init_and_adopt_make_the_same_project_of_what_is_not_said(tmp_path: Path) -> None:
    texts, labels = ["win a prize", "lunch at noon?", *(f"text {n}" for n in range(20))], ["ham", "spam"]
    (tmp_path / "mail.csv").write_text("text\n" + "".join(f"{text}\n" for text in texts))
    learner: Any = SimpleNamespace(
        dataset=texts,
        multi_label=False,
        indices_labeled=[0, 1],
        y=[1, 0],
        indices_ignored=[],
        query_strategy=object(),
    )

    result = labelloop(
        *("init", "--home", tmp_path / "init", "--dataset", tmp_path / "mail.csv", "--labels", "ham,spam")
    )
    adopt(learner, texts, labels, name="mail", home=tmp_path / "adopt")

    assert result.exit_code == 0, result.output
    for name in recorded_options():
        default = {
            "task": "single-label",
            "labels": ("ham", "spam"),
            "classifier_parameters": dict(CLASSIFIERS.get("transformer").recipe),
            "strategy_parameters": dict(STRATEGIES.get(ProjectOptions().strategy).recipe),
        }.get(name, getattr(ProjectOptions(), name))
        assert as_option(created(tmp_path / "init"), name) == default, name
        assert as_option(created(tmp_path / "adopt"), name) == default, name


@pytest.mark.parametrize("name", [name for name in NAMES if name != "labelled"])
def test_an_option_is_said_on_the_command_line_in_a_file_or_in_the_environment(
    name: str, tmp_path: Path
) -> None:
    said, value = another(name, tmp_path)
    of_file = f"{{{said.replace('=', ': ')}}}" if is_by_name(name) else f"'{said}'"
    (tmp_path / "project.yaml").write_text(f"{flag(name).removeprefix('--')}: {of_file}\n")
    variable = "LABELLOOP_" + flag(name).removeprefix("--").replace("-", "_").upper()

    found = [
        read(flag(name), *([] if value is True else [said])),
        *(
            [read("--file", str(tmp_path / "project.yaml")), read(**{variable: said})]
            if name != "dataset"
            else []
        ),
    ]

    for asked in found:
        assert asked.given_names == {"labelled", "dataset", name}
        assert getattr(asked, name) == value


@pytest.mark.parametrize("option", ["batches", "batch_size", "lookahead", "min_submitted", "seed"])
def test_a_number_that_no_event_holds_is_refused(option: str) -> None:
    with raises_naming(UserError, flag(option), 10**23):
        ProjectOptions.of({option: 10**23})


def test_an_option_of_a_notebook_is_one_that_is_recorded_or_says_where_to_test() -> None:
    of_files = {"labels", "task"}
    recorded = {*recorded_options(), *OF_TEST, "label_separator"}
    assert set(ProjectOptions.taken_by("adopt")) == recorded - of_files


def test_each_field_of_a_new_project_is_that_of_an_option() -> None:
    of_lookahead = {"lookahead_grows"}

    assert set(as_fields(ProjectOptions())) == {*ProjectCreated.__annotations__, *of_lookahead} - NOT_OPTIONS


def test_what_can_be_changed_is_what_a_change_records() -> None:
    options = ProjectOptions.taken_by("change")
    recorded = {option.recorded.split(".")[0] for option in options.values() if option.recorded}

    assert {name for name, option in options.items() if not option.recorded} == APART
    assert {*recorded, *OF_GOLD, "test", "lookahead_grows", "annotators", "overlap"} == {
        *Settings.__annotations__,
        *SettingsV2.__annotations__,
        *SettingsV3.__annotations__,
        *SettingsV4.__annotations__,
    }


@pytest.mark.parametrize("name", sorted(ProjectOptions.taken_by("fork").keys() - APART))
def test_what_is_given_becomes_the_field_of_the_project_it_says(name: str, tmp_path: Path) -> None:
    _, value = another(name, tmp_path)
    now = project().model_copy(update={"stopping": Choice(name="kappa-average")})

    fields = given_fields(now, ProjectOptions.of({name: value}))

    field, _, part = str(ProjectOptions.options()[name].recorded).partition(".")
    if name == "lookahead":
        assert fields == {"lookahead": 1, "lookahead_grows": True}
    elif name in SHORT:
        assert list(fields) == [field]
        assert fields[field].parameters == {**now.classifier.parameters, name: value}
    else:
        assert list(fields) == [field]
        assert (getattr(fields[field], part) if part else fields[field]) == value


def test_parameters_alone_are_those_of_the_name_that_holds() -> None:
    now = project()

    other = given_fields(now, ProjectOptions(strategy_parameters={"k": 3}))["strategy"]
    assert (other.name, other.parameters) == (now.strategy.name, {"k": 3})
    assert given_fields(now, ProjectOptions(model_revision="1"))["model"].name == now.model.name


@pytest.mark.parametrize("given", ["AUTO", "-1", "1.5", "٣", "", "9" * 5000])
def test_a_lookahead_is_a_number_that_people_count_or_auto(given: str) -> None:
    with pytest.raises(click.BadParameter, match="from 0 on nor auto"):
        NumberOr("auto").convert(given, None, None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"batch_size": 0}, "batch_size is 0, and input should be greater than or equal to 1"),
        ({"batch_size": "20"}, "batch_size is '20', and input should be a valid integer"),
        ({"lookahead": -1}, "lookahead is -1, and input should be greater than or equal to 0 or 'auto'"),
        ({"lookahead": "AUTO"}, "lookahead is 'AUTO', and input should be a valid integer or 'auto'"),
        ({"batches": 0}, "batches is 0, and input should be greater than"),
        ({"audit_share": 1.5}, "audit_share is 1.5, and input should be less than or equal to 1"),
        ({"ties": "first"}, "ties is 'first', and input should be 'label-order' or 'discard'"),
        ({"stopping": "None", "stop_when_advised": True}, "a --stopping criterion"),
        ({"guidelines": " "}, "the guidelines have 1 characters: give 1 to 10,000"),
        ({"labelled": "a.csv", "match": "id"}, "--match id needs the data set"),
    ],
)
def test_what_cannot_be_is_told_by_the_model(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=rf"^[^\n]*{said}[^\n]*$"):
        ProjectOptions.of(given)


def test_a_demo_of_other_texts_needs_them() -> None:
    with pytest.raises(UserError, match=r"^--text-column .*: give their --dataset too$"):
        DemoOptions.of({"text_column": "body"})
    assert DemoOptions.of({"text_column": "body", "dataset": "mail.csv"}).batches == 10


def test_the_type_of_each_value_is_a_word_of_users() -> None:
    shown = labelloop("init", "--help").output

    assert "ANNOTATED" not in shown
    for share in ("overlap", "gold-share"):
        assert labelloop("init", f"--{share}", "1.5").exit_code == 2
        assert labelloop("init", f"--{share}", "some").exit_code == 2
