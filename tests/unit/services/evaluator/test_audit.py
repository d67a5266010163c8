"""Which texts tell a model's accuracy on the pool, and what they come to."""

from collections.abc import Iterable
from typing import Any

import pytest

from labelloop.loop.schedule import finished
from labelloop.loop.state import LoopState
from schemas import events as e
from schemas.model import replaced
from schemas.parts import Snapshot
from services.evaluator.audit import AuditSample, samples, scoring_batches, texts
from services.evaluator.due import Audit, next_audit
from services.evaluator.service import estimate_by
from tests.support.loops import Loop
from tests.support.loops import project as loop_project
from tests.support.states import (
    LABELS,
    all_answered,
    annotated,
    answered,
    project,
    queried,
    state_of,
    trained,
    vote,
)
from tests.support.states import audited as estimate

MODEL_0 = trained("0", {"0": 0})


def audited(batch: str, items: Iterable[int], audit: Iterable[int], model: str = "0") -> e.BatchQueried:
    """A batch that a model picked, with these texts drawn at random."""
    drawn = set(audit)
    made = queried(batch, items, model=model, attempt=0)
    return replaced(
        made, items=tuple(replaced(i, reason="audit") if i.item in drawn else i for i in made.items)
    )


def test_without_texts_drawn_at_random_no_label_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    state = state_of(
        project(lookahead=0),
        queried("0"),
        all_answered("0"),
        MODEL_0,
        audited("1", (4, 5, 6), ()),
        all_answered("1", (4, 5, 6)),
    )
    monkeypatch.setattr("services.evaluator.audit.current", lambda state: pytest.fail("it was"))

    assert scoring_batches(state, state.models["0"]) == ()


def after(*told: e.EventData, lookahead: int = 0, **settings: Any) -> LoopState:
    changes: dict[str, Any] = {"lookahead": lookahead, "audit_share": 0.4} | settings
    return state_of(project(**changes), queried(), all_answered(), MODEL_0, *told)


def test_a_model_is_audited_once_the_batch_that_it_picked_is_done() -> None:
    picked = audited("1", (3, 4, 5), audit=(4,))

    assert next_audit(after(picked), 5) is None
    state = after(picked, all_answered("1", (3, 4, 5)))
    assert next_audit(state, 5) == Audit(MODEL_0, state.batches["1"].revision_ids[-1], ("1",))


def test_it_is_audited_once() -> None:
    estimated = estimate("0")
    told = (audited("1", (3, 4, 5), audit=(4,)), all_answered("1", (3, 4, 5)))

    state = after(*told, estimated)

    assert next_audit(state, 5) is None
    assert state.audits == {"0": estimated}


@pytest.mark.parametrize(("lookahead", "keep"), [(0, 1), (1, 2), (4, 5), (5, 1)])
def test_every_model_is_audited_also_where_few_are_kept_and_the_trainer_is_first(
    lookahead: int, keep: int
) -> None:
    created = loop_project(lookahead=lookahead, audit_share=0.4, max_batches=9)
    loop = Loop(created, lambda item: created.labels[item % 2])
    while (audit := next_audit(loop.state, keep)) or not finished(loop.state):
        if work := [act for act in loop.ready() if act in ("query", "train")]:
            loop.act(work[0])
        elif audit:
            loop.append(estimate_by(loop.state, audit, {}, 0.0))
        else:
            loop.act(loop.ready()[0])

    assert list(loop.state.audits) == [str(number) for number in range(8)]


def test_without_audit_texts_there_is_no_audit() -> None:
    told = (audited("1", (3, 4, 5), audit=()), all_answered("1", (3, 4, 5)))

    assert next_audit(after(*told), 5) is None


def test_with_a_lookahead_the_batch_between_scores_the_model_too() -> None:
    between = audited("1", (3, 4, 5), audit=(3,))
    picked = audited("2", (6, 7, 8), audit=(6,))
    told = (between, all_answered("1", (3, 4, 5)), picked)

    state = after(*told, lookahead=1)
    assert scoring_batches(state, state.models["0"]) == ()
    state = after(*told, all_answered("2", (6, 7, 8)), lookahead=1)
    assert scoring_batches(state, state.models["0"]) == ("1", "2")


def test_where_the_lookahead_grows_all_batches_before_a_newer_model_s_first_score_it() -> None:
    def chosen(batch: str, model: str) -> e.LookaheadChosen:
        return e.LookaheadChosen(batch=batch, model=model, waiting=0, expected=0.0)

    between = (audited("1", (3, 4, 5), audit=(3,)), chosen("2", "0"), audited("2", (6, 7, 8), audit=(6,)))
    answers = (all_answered("1", (3, 4, 5)), all_answered("2", (6, 7, 8)))
    newer = (trained("2", {"0-2": 0}), chosen("3", "2"), audited("3", (9, 10), model="2", audit=(9,)))

    state = after(*between, *answers, lookahead=1, lookahead_grows=True)
    assert scoring_batches(state, state.models["0"]) == (), "it may pick another one"
    state = after(*between, *answers, *newer, lookahead=1, lookahead_grows=True)
    assert scoring_batches(state, state.models["0"]) == ("1", "2")
    assert scoring_batches(state, state.models["2"]) == ()


def test_when_no_more_is_picked_what_there_is_scores_the_last_models() -> None:
    told = (audited("1", (3, 4, 5), audit=(3,)), all_answered("1", (3, 4, 5)))
    learned_all = trained("1", {"0": 0, "1": 0})

    state = after(*told, learned_all, lookahead=1, max_batches=2)

    assert scoring_batches(state, state.models["0"]) == ("1",)
    assert scoring_batches(state, state.models["1"]) == ()


def test_where_people_discarded_all_that_was_drawn_there_is_nothing_to_go_by() -> None:
    answers = (
        answered(3, vote("ann", "spam")),
        answered(4, vote("ann"), discarded=True),
        answered(5, vote("ann", "spam")),
    )

    state = after(audited("1", (3, 4, 5), audit=(4,)), annotated(*answers, batch="1"))

    assert scoring_batches(state, state.models["0"]) == ()


def test_a_text_that_is_discarded_when_asked_for_once_more_is_nothing_to_go_by() -> None:
    state = after(
        audited("1", (3, 4, 5), audit=(4,)),
        all_answered("1", (3, 4, 5)),
        e.RelabelRequested(request="1", who="ann", items=(4,)),
        queried("relabel-1", (4,)),
        annotated(answered(4, vote("ann"), discarded=True), batch="relabel-1"),
    )

    assert scoring_batches(state, state.models["0"]) == ()


def test_a_text_of_a_later_batch_scores_a_model_also_where_it_was_asked_for_once_more_before() -> None:
    told = (
        audited("1", (3, 4, 5), audit=(3, 4)),
        all_answered("1", (3, 4, 5)),
        e.RelabelRequested(request="1", who="ann", items=(4,)),
        queried("relabel-1", (4,)),
        annotated(answered(4, vote("ann", "spam")), batch="relabel-1"),
    )
    model = trained("0", {"0": 0, "relabel-1": 0})
    state = state_of(project(lookahead=0), queried(), all_answered(), *told, model)

    (found,) = samples(state, ("1",), {3: ("spam",), 4: ("ham",)})

    assert (found.drawn, found.labelled, found.right) == (2, 2, 1)


def test_each_batch_is_a_sample_of_what_was_in_no_batch_before() -> None:
    state = after(
        audited("1", (3, 4, 5), audit=(3,)),
        all_answered("1", (3, 4, 5)),
        audited("2", (6, 7, 8), audit=(6, 7)),
        all_answered("2", (6, 7, 8)),
        lookahead=1,
    )
    gold = {item: (LABELS[item % 3],) for item in range(9)}
    predicted = gold | {0: ("news",), 6: ("news",)}

    found = list(samples(state, ("1", "2"), predicted))

    assert texts(state, ("1", "2")) == list(range(9))
    assert found == [
        AuditSample(known=3, known_right=2, rest=37, drawn=1, labelled=1, right=1),
        AuditSample(known=6, known_right=5, rest=34, drawn=2, labelled=2, right=1),
    ]


def test_texts_that_went_back_to_the_pool_are_of_the_rest() -> None:
    closed = e.BatchClosed(request="1", who="ann", batch="1")
    state = after(
        audited("1", (3, 4, 5), audit=(3, 4)), closed, annotated(answered(3, vote("ann", "spam")), batch="1")
    )

    (found,) = samples(state, ("1",), {3: ("spam",)})

    assert (found.drawn, found.right, found.rest) == (1, 1, 37)


def test_a_batch_that_was_picked_before_texts_went_back_to_the_pool_does_not_score() -> None:
    told = (
        audited("1", (3, 4, 5), audit=(3,)),
        audited("2", (6, 7, 8), audit=(6,)),
        e.BatchClosed(request="1", who="ann", batch="1"),
        annotated(answered(3, vote("ann", "spam")), batch="1"),
        trained("1", {"0": 0, "1": 0}),
        audited("3", (9, 10, 11), audit=(9,)),
        all_answered("2", (6, 7, 8)),
        all_answered("3", (9, 10, 11)),
    )

    state = after(*told, lookahead=1)

    assert scoring_batches(state, state.models["0"]) == ("1",)
    assert scoring_batches(state, state.models["1"]) == ("3",)
    one_by_one = after(*told, lookahead=0)
    assert scoring_batches(one_by_one, one_by_one.models["1"]) == ("2",)


def test_of_two_batches_that_an_end_closes_the_first_scores() -> None:
    state = after(
        audited("1", (3, 4, 5), audit=(3,)),
        audited("2", (6, 7, 8), audit=(6,)),
        e.ProjectEnded(request="1", who="ann"),
        annotated(answered(3, vote("ann", "spam")), batch="1"),
        annotated(answered(6, vote("ann", "spam")), batch="2"),
        lookahead=1,
    )

    assert scoring_batches(state, state.models["0"]) == ("1",)


def grown(digest: str = "g", after: str = "d") -> e.PoolGrown:
    return e.PoolGrown(
        snapshot=Snapshot(uri=f"pool/{digest}", digest=digest, size=20), after=after, from_batch=0, who="ada"
    )


def test_batches_of_two_versions_of_the_pool_are_not_averaged() -> None:
    old, new = audited("1", (4, 5, 6), (4,)), audited("2", (7, 8, 41), (41,), model="1")
    state = after(
        old,
        all_answered("1", (4, 5, 6)),
        grown(),
        trained("1", {"0": 0, "1": 0}),
        replaced(new, pool_version="g"),
        all_answered("2", (7, 8, 41)),
        lookahead=1,
    )

    batches = scoring_batches(state, state.models["0"])

    assert batches == ("2",), "the newest version alone"
    (sample,) = samples(state, batches, {})
    assert sample.rest == 60 - 6, "of all 60 texts"
    work = Audit(state.models["0"].latest, "x", batches)
    assert estimate_by(state, work, {}, 1.0).pool_version == "g"


def test_batches_of_the_version_before_count_where_those_of_the_newest_drew_nothing() -> None:
    state = after(
        audited("1", (4, 5, 6), (4,)),
        all_answered("1", (4, 5, 6)),
        grown(),
        trained("1", {"0": 0, "1": 0}),
        replaced(audited("2", (7, 8, 41), (), model="1"), pool_version="g"),
        all_answered("2", (7, 8, 41)),
        lookahead=1,
    )

    batches = scoring_batches(state, state.models["0"])

    assert batches == ("1",)
    assert next(samples(state, batches, {})).rest == 40 - 3
    work = Audit(state.models["0"].latest, "x", batches)
    assert estimate_by(state, work, {}, 1.0).pool_version == "d"
