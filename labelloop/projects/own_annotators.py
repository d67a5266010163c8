"""Who is asked: the annotators of a project that not everybody sees, and texts that two people answer."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from labelloop.errors import UserError
from labelloop.loop.gold_texts import gold_at
from labelloop.loop.random_draws import ANSWERS, audit_count
from labelloop.loop.settings_in_force import annotators, overlap_at
from labelloop.loop.state import LoopState, Standing
from labelloop.projects.checks import BREAKS, UNSEEN
from labelloop.projects.gold import check_gold_share, gold_note, gold_share
from labelloop.projects.options import ProjectOptions
from schemas.events import AnnotatorChanged
from schemas.parts import SettingsV4, Snapshot

AT_CREATION = "annotators"
EVERYBODY = "none of its own"
"""What a project says of its annotators that all see. It stays so; a fork may have some of its own."""
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
            f"{min_submitted} annotators are wanted for each text, and --annotators names {len(names)}: "
            "give a smaller --min-submitted, or more --annotators"
        )


def check_overlap(
    share: float | None, min_submitted: int, batch_size: int, names: Sequence[str] | None
) -> None:
    """Raises UserError for a share that asks nobody twice, or more people than there are."""
    if not share:
        return
    if min_submitted > 1:
        raise UserError(
            f"each text is answered by {min_submitted} people already: give --overlap 0, or --min-submitted 1"
        )
    if not audit_count(share, batch_size):
        raise UserError(
            f"--overlap {share} of a batch of {batch_size} is no text: give {1 / batch_size:.2g} or more"
        )
    if names is not None and len(names) < ANSWERS:
        raise UserError(
            f"--overlap asks {ANSWERS} people, and {names[0]} alone sees the project: name more --annotators"
        )


def settings_at_creation(options: ProjectOptions, gold: Snapshot | None) -> SettingsV4:
    """What of the options the creation cannot say. `gold`: the texts whose labels are certain."""
    share = gold_share(options, 0.0) if gold else None
    return SettingsV4(
        annotators=options.annotators, overlap=options.overlap or None, gold=gold, gold_share=share
    )


def check_people(options: ProjectOptions) -> None:
    """Check who is asked in a new project. Raises UserError."""
    if options.annotators is not None:
        check_annotators(options.annotators, options.min_submitted)
    check_overlap(options.overlap, options.min_submitted, options.batch_size, options.annotators)
    check_gold_share(gold_share(options, 0.0), options.batch_size, options.gold is not None)


def differing(state: LoopState, options: ProjectOptions) -> Iterator[tuple[str, Any]]:
    """The given options that are other than what holds for the project, and what holds."""
    only_for, share = annotators(state), overlap_at(state, state.numbered)
    if options.annotators is not None and set(options.annotators) != set(only_for or ()):
        yield "annotators", only_for or EVERYBODY
    if options.overlap not in (None, share):
        yield "overlap", share
    if options.gold_share not in (None, gold_now := gold_at(state, state.numbered).share):
        yield "gold_share", gold_now


def overlap_note(share: float | None, batch_size: int) -> tuple[str, ...]:
    """What a share of texts for two people means for who works alone."""
    if not share:
        return ()
    texts = audit_count(share, batch_size)
    are = "is" if texts == 1 else "are"
    return (
        f"{texts} of {batch_size} texts of each batch {are} answered by two people: "
        "whoever labels alone finishes no batch",
    )


def people_notes(options: ProjectOptions) -> tuple[str, ...]:
    """What the options of a new project mean for the work of people."""
    notes = overlap_note(options.overlap, options.batch_size)
    share = gold_share(options, 0.0)
    return (*notes, gold_note(share, options.batch_size)) if share else notes


def people_after(state: LoopState, options: ProjectOptions) -> tuple[str, ...] | None:
    """Who alone sees the project, after the given options are applied."""
    return annotators(state) if options.annotators is None else options.annotators


def other_overlap(state: LoopState, options: ProjectOptions, batch: int) -> dict[str, float]:
    """The share that two people answer, if it changes."""
    now = overlap_at(state, batch)
    return {"overlap": options.overlap} if options.overlap not in (None, now) else {}


def other_annotators(
    state: LoopState, options: ProjectOptions, min_submitted: int
) -> dict[str, tuple[str, ...]]:
    """The annotators of a project that has its own, if they change. Raises UserError."""
    now = annotators(state)
    if options.annotators is not None and now is None:
        raise UserError(
            f"{state.project_id} is where all annotators see it: "
            "for some alone make a fork, with --annotators"
        )
    people = people_after(state, options)
    if people is not None:
        check_annotators(people, min_submitted)
    check_may_answer(options.annotators or (), state.standings)
    return {"annotators": people} if people is not None and set(people) != set(now or ()) else {}


def check_may_answer(names: Sequence[str], standings: Mapping[str, Standing]) -> None:
    """Raises UserError for those who were disabled or removed."""
    for name in names:
        standing = standings.get(name)
        if standing is not None and standing.is_barred:
            back = "enable" if standing.word == "disabled" else "add"
            raise UserError(f"{name} was {standing.word}: run `labelloop annotators {back} {name}` first")


def said_of(
    standings: Mapping[str, str], request: str, who: str, why: str = ""
) -> Iterator[AnnotatorChanged]:
    """What says that these people have these standings."""
    for name, word in standings.items():
        yield AnnotatorChanged(request=f"{request} {name}", who=who, why=why, annotator=name, standing=word)


def _breaks(name: str) -> bool:
    return not {*BREAKS, UNSEEN}.isdisjoint(map(unicodedata.category, name))
