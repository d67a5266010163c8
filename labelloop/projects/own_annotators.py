"""The annotators of a project that not everybody sees."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from labelloop.errors import UserError
from labelloop.loop.state import THERE
from labelloop.projects.checks import BREAKS, UNSEEN
from schemas.events import AnnotatorChanged, ProjectChangedV2
from schemas.parts import SettingsV2

AT_CREATION = "annotators"
LONGEST = 100


def check_annotators(names: Sequence[str], min_submitted: int) -> None:
    """Raises UserError for names that Argilla refuses, and if they are too few to decide a text."""
    for name in names:
        if not name.strip() or "<" in name or len(name) > LONGEST or name != name.strip() or _breaks(name):
            raise UserError(
                f"{name!r} is no name for an annotator: give 1 to {LONGEST} characters without <, "
                "line breaks, and spaces around"
            )
    if len(set(names)) < len(names):
        raise UserError("an annotator is named twice: name each once in --annotators")
    if not names:
        raise UserError("--annotators names nobody: give the names of those who shall see the project")
    if min_submitted > len(names):
        raise UserError(
            f"{min_submitted} annotators are wanted for each text, and {len(names)} see the project: "
            "give a smaller --min-submitted, or more --annotators"
        )


def at_creation(names: Sequence[str], who: str) -> ProjectChangedV2:
    """What is said together with the creation of a project that only these people see."""
    return ProjectChangedV2(
        request=AT_CREATION, who=who, from_batch=0, settings=SettingsV2(annotators=tuple(names))
    )


def check_may_answer(names: Sequence[str], standings: Mapping[str, str]) -> None:
    """Raises UserError for those who were disabled or removed."""
    for name in names:
        if (word := standings.get(name, THERE)) != THERE:
            back = "enable" if word == "disabled" else "add"
            raise UserError(f"{name} was {word}: run `labelloop annotators {back} {name}` first")


def said_of(
    standings: Mapping[str, str], request: str, who: str, why: str = ""
) -> Iterator[AnnotatorChanged]:
    """What says that these people have these standings."""
    for name, word in standings.items():
        yield AnnotatorChanged(request=f"{request} {name}", who=who, why=why, annotator=name, standing=word)


def _breaks(name: str) -> bool:
    return not {*BREAKS, UNSEEN}.isdisjoint(map(unicodedata.category, name))
