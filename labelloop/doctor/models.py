"""The models that classifiers start from: whether this machine has them."""

from collections.abc import Iterable

from labelloop.doctor.finding import OK, WARN, Finding
from labelloop.errors import UserError
from labelloop.learner.base import BUNDLED, is_of_hub, resolve
from schemas.parts import BaseModelChoice

DEFAULT = BaseModelChoice(name=BUNDLED)


def check_models(used: Iterable[BaseModelChoice]) -> list[Finding]:
    """Those that are used, each once; the default one where none is. Fetches nothing."""
    choices = {(choice.name, choice.revision): choice for choice in used} or {(BUNDLED, None): DEFAULT}
    return [_check(choice) for choice in choices.values()]


def _check(choice: BaseModelChoice) -> Finding:
    try:
        found = resolve(choice.name, choice.revision, fetch=False)
    except UserError as error:
        if is_of_hub(choice.name, choice.revision):
            return Finding(
                "model",
                WARN,
                f"{choice.name} is not on this machine yet: the first training fetches it from the Hub; "
                f"if there is no network then, run `hf download {choice.name}` before",
            )
        # Another machine may be the one that trains.
        return Finding("model", WARN, f"{error}; without it no model can be trained or asked on this machine")
    except ModuleNotFoundError as error:
        return Finding(
            "model",
            WARN,
            f"{choice.name} needs the package {error.name}: run pip install 'labelloop[learner]'",
        )
    return Finding("model", OK, f"{choice.name} in {found.folder}")
