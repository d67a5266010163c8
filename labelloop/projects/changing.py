"""Other settings for a project: from a batch on, or for one that is forked from it."""

from msgspec.structs import replace

from labelloop.errors import UserError
from labelloop.log.base import Log
from labelloop.loop.history import History
from labelloop.loop.settings import at_batch, with_settings
from labelloop.loop.state import LoopState
from labelloop.projects.catalog import named, sound
from labelloop.projects.checks import check_choices, check_model
from labelloop.projects.create import SOURCE
from labelloop.projects.given import batches_in_all, copied, opening
from labelloop.projects.names import new_id
from labelloop.projects.operate import ask, new_request, who
from labelloop.projects.options import ProjectOptions
from schemas.events import ProjectChanged, ProjectCreated
from schemas.parts import BaseModelChoice, Choice, Settings

OF_A_FORK = ("lookahead", "min_submitted", "seed", "guidelines")


async def change(
    log: Log, history: History, from_batch: int | None, options: ProjectOptions, why: str = ""
) -> int:
    """Let the given options hold from a batch on, by default from the next one; the number of that batch.

    Raises UserError for a batch that was picked already, and for settings that cannot be.
    """
    state = sound(history)
    first = state.numbered if from_batch is None else from_batch
    if first < state.numbered:
        raise UserError(
            f"batch {first} of {history.project} was picked already: the next one is {state.numbered}"
        )
    settings = settings_of(at_batch(state, first), options)
    if settings == Settings():
        raise UserError("no setting is given: name one, as --strategy prediction-entropy")
    data = ProjectChanged(request=new_request(), who=who(), why=why, from_batch=first, settings=settings)
    await ask(log, history, data)
    return first


async def fork(
    log: Log,
    histories: dict[str, History],
    history: History,
    name: str,
    last_batch: int | None,
    options: ProjectOptions,
) -> tuple[str, int]:
    """Make a project that begins with the labels of another up to a batch, by default all that are done.

    Its id, and how many batches it begins with. It has the other one's settings but for the given options.
    Raises UserError.
    """
    state = sound(history)
    if named(histories, name) is not None:
        raise UserError(f"there is a project {name!r} already: give another name by --as")
    batches = _batches(state, last_batch)
    project = at_batch(state, batches)
    project = with_settings(project, settings_of(project, options))
    others = {option: getattr(options, option) for option in OF_A_FORK if option in options.given}
    created = replace(project, **others, name=name, forked_from=history.project)
    if created.max_batches is not None and created.max_batches <= batches:
        raise UserError(
            f"{name} would begin with {batches} batches and end there: give --batches {batches + 1} or more, "
            f"or --batch {batches - 2 if batches > 1 else 0} or less"
        )
    made = new_id(name)
    await log.append(*opening(made, created, copied(state, batches), SOURCE))
    return made, batches


def _batches(state: LoopState, last: int | None) -> int:
    """How many batches come along. Raises UserError when they are not all done."""
    if not state.annotated:
        raise UserError(
            f"no batch of {state.project_id} is done yet, so that there is nothing to go on from: "
            "begin with `labelloop init`"
        )
    if last is None:
        return state.annotated
    if last >= state.annotated:
        raise UserError(
            f"batch {last} of {state.project_id} is not done: give --batch {state.annotated - 1} or less"
        )
    return last + 1


def settings_of(project: ProjectCreated, options: ProjectOptions) -> Settings:
    """The given options, as far as they differ from what holds. Raises UserError for what cannot be."""
    given = options.given
    wanted = Settings(
        batch_size=options.batch_size if "batch_size" in given else None,
        max_batches=_batches_in_all(project, options),
        audit_share=options.audit_share if "audit_share" in given else None,
        ties=options.ties if "ties" in given else None,
        classifier=_choice("classifier", project.classifier, options),
        strategy=_choice("strategy", project.strategy, options),
        model=_model(project.model, options),
    )
    after = with_settings(project, wanted)
    if wanted.classifier or wanted.strategy:
        check_choices(after.classifier, after.strategy)
    if wanted.batch_size and wanted.batch_size > project.pool.size:
        raise UserError(
            f"a batch of {wanted.batch_size} is larger than the pool of {project.pool.size} texts: give less"
        )
    return wanted


def _batches_in_all(project: ProjectCreated, options: ProjectOptions) -> int | None:
    if "batches" not in options.given or options.batches is None:
        return None
    return batches_in_all(project, options.batches)


def _choice(kind: str, now: Choice, options: ProjectOptions) -> Choice | None:
    """Another name begins without parameters; parameters alone are those of the name that holds."""
    parameters = f"{kind}_parameters"
    if not {kind, parameters} & options.given:
        return None
    name = getattr(options, kind) if kind in options.given else now.name
    return Choice(name=name, parameters=dict(getattr(options, parameters)))


def _model(now: BaseModelChoice, options: ProjectOptions) -> BaseModelChoice | None:
    if not {"model", "model_revision"} & options.given:
        return None
    name = options.model if "model" in options.given else now.name
    return BaseModelChoice(name=check_model(name, options.model_revision), revision=options.model_revision)
