"""Each event once: given a state, when the event comes, then this has changed in it and nothing else."""

import re
from dataclasses import fields
from datetime import UTC, datetime

import pytest

from labelloop.loop.fold import fold as fold_any
from labelloop.loop.gold_texts import gold_at
from labelloop.loop.log_digest import LogDigest
from labelloop.loop.settings_in_force import overlap_at
from labelloop.loop.state import (
    Change,
    Growth,
    InapplicableEvent,
    LoopState,
    NotCreated,
    ProjectState,
    Relabel,
    Standing,
    Suggester,
)
from schemas import events as e
from schemas.envelope import Event, new_event
from schemas.parts import Choice, Settings, SettingsV2, SettingsV3, SettingsV4, Snapshot
from tests.support.states import (
    LABELS,
    PROJECT,
    advised,
    all_answered,
    audited,
    checked,
    evaluated,
    project,
    queried,
    recorded,
    recorded_predictions,
    state_of,
    suggester,
    suggestions,
    trained,
    vote,
    votes,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at_noon(data: e.EventData) -> Event:
    return new_event(PROJECT, data, source="tests", time=NOON)


def fold(before: ProjectState, event: Event) -> LoopState:
    """The state after the event, of a project that is created by then."""
    after = fold_any(before, event)
    assert isinstance(after, LoopState)
    return after


def changed(before: LoopState, after: LoopState) -> set[str]:
    """What differs, beyond the length and the latest id, which every event changes."""
    assert after.length == before.length + 1
    assert after.log.events == before.log.events + 1
    assert after.latest_id != before.latest_id
    names = {each.name for each in fields(LoopState)} - {"length", "latest_id", "log"}
    return {name for name in names if getattr(before, name) != getattr(after, name)}


# The project


def test_project_created_begins_the_project() -> None:
    given = NotCreated(PROJECT)
    when = at_noon(project())

    assert fold(given, when) == LoopState(
        PROJECT,
        e.ProjectCreatedV4(**dict(project())),
        when.id,
        NOON,
        latest_id=when.id,
        length=1,
        log=LogDigest().followed_by(when),
    )


def test_project_created_v2_begins_the_same_project() -> None:
    created = project(cold_start="typical")
    when = at_noon(e.ProjectCreatedV2(**dict(created)))

    after = fold(NotCreated(PROJECT), when)

    assert after.project == e.ProjectCreatedV4(**dict(created))


def test_project_created_v3_begins_a_project_whose_lookahead_may_grow() -> None:
    created = e.ProjectCreatedV3(**dict(project()), lookahead_grows=True)

    after = fold(NotCreated(PROJECT), at_noon(created))

    assert after.project == e.ProjectCreatedV4(**dict(created))


def test_project_created_v4_begins_a_project_whose_texts_have_columns() -> None:
    created = e.ProjectCreatedV4(
        **dict(project()),
        text_columns=("subject", "body"),
        shown_columns=("from",),
        metadata_columns={"team": "terms"},
    )

    after = fold(NotCreated(PROJECT), at_noon(created))

    assert after.project == created


def test_project_created_v5_begins_a_project_whose_texts_may_have_several_labels() -> None:
    created = e.ProjectCreatedV5(**{**dict(project()), "task": "multi-label"})

    after = fold(NotCreated(PROJECT), at_noon(created))

    assert after.project == e.ProjectCreatedV4(**dict(created))
    assert after.project.is_multi_label


def test_lookahead_chosen_names_the_model_that_picks_the_batch() -> None:
    given = state_of(project())
    chosen = e.LookaheadChosen(batch="2", model="0", waiting=3, expected=4.5)
    when = at_noon(chosen)

    then = fold(given, when)

    assert changed(given, then) == {"chosen"}
    assert then.chosen == {"2": chosen}


@pytest.mark.parametrize(
    ("batch", "model"), [("2", "2"), ("2", "final-1"), ("relabel-1", "0"), ("x", "0"), ("9" * 5000, "0")]
)
def test_only_an_earlier_numbered_model_can_be_chosen(batch: str, model: str) -> None:
    with pytest.raises(InapplicableEvent):
        fold(
            state_of(project()), at_noon(e.LookaheadChosen(batch=batch, model=model, waiting=0, expected=0.0))
        )


def test_an_event_may_be_skipped_before_the_project_is_created() -> None:
    given = NotCreated(PROJECT)
    when = at_noon(e.EventSkipped(request="1", who="ann", event="x", content="y"))

    assert fold_any(given, when) == NotCreated(PROJECT, 1, when.id, LogDigest().followed_by(when))


def test_nothing_else_may_come_before_the_project_is_created() -> None:
    with pytest.raises(InapplicableEvent):
        fold_any(NotCreated(PROJECT), at_noon(queried("0")))


def test_project_paused_stops_new_picks() -> None:
    given = state_of(project())
    when = at_noon(e.ProjectPaused(request="1", who="ann"))

    then = fold(given, when)

    assert changed(given, then) == {"paused"}
    assert then.paused


def test_project_resumed_lets_picks_go_on() -> None:
    given = state_of(project(), e.ProjectPaused(request="1", who="ann"))
    when = at_noon(e.ProjectResumed(request="2", who="ann"))

    then = fold(given, when)

    assert changed(given, then) == {"paused"}
    assert not then.paused


def test_project_ended_ends_it_and_the_first_end_is_the_one_that_counts() -> None:
    given = state_of(project())
    when = at_noon(e.ProjectEnded(request="1", who="ann"))

    then = fold(given, when)

    assert changed(given, then) == {"ended"}
    assert then.ended == when.id
    assert fold(then, at_noon(e.ProjectEnded(request="2", who="bob"))).ended == when.id


def test_project_changed_gives_other_settings_to_the_batches_to_come() -> None:
    given = state_of(project(), queried("0"), queried("1", (3, 4, 5)))
    when = at_noon(e.ProjectChanged(request="1", who="ann", from_batch=0, settings=Settings(batch_size=7)))

    then = fold(given, when)

    assert changed(given, then) == {"changes"}
    assert then.changes == (Change(2, SettingsV4(batch_size=7)),), "batches 0 and 1 are picked already"


def test_project_changed_v2_gives_settings_that_version_1_did_not_have() -> None:
    given = state_of(project(), queried("0"))
    settings = SettingsV2(guidelines="Spam asks for money.")
    when = at_noon(e.ProjectChangedV2(request="1", who="ann", from_batch=1, settings=settings))

    then = fold(given, when)

    assert changed(given, then) == {"changes"}
    assert then.changes == (Change(1, SettingsV4(**dict(settings))),)
    assert (when.type, when.mustunderstand) == ("labelloop.ProjectChanged.v2", True), "0.1.0 halts"


def test_project_changed_v3_says_what_is_asked_of_people() -> None:
    given = state_of(project(), queried("0"))
    when = at_noon(e.ProjectChangedV3(request="1", who="ann", from_batch=1, settings=SettingsV3(overlap=0.5)))

    then = fold(given, when)

    assert changed(given, then) == {"changes"}
    assert (overlap_at(then, 0), overlap_at(then, 1)) == (0.0, 0.5)


def test_project_changed_v4_says_by_which_texts_people_are_measured() -> None:
    given = state_of(project(), queried("0"))
    gold = Snapshot(uri="mail/gold/g.arrow", digest="g", size=5)
    settings = SettingsV4(gold=gold, gold_share=0.5)
    when = at_noon(e.ProjectChangedV4(request="1", who="ann", from_batch=1, settings=settings))

    then = fold(given, when)

    assert changed(given, then) == {"changes"}
    assert (gold_at(then, 0), gold_at(then, 1)) == ((None, 0.0), (gold, 0.5))
    assert when.mustunderstand, "an older labelloop would take a batch for done that waits for gold texts"


def test_labels_changed_gives_a_list_of_labels_to_what_comes_after() -> None:
    given = state_of(project(), queried("0"))
    when = at_noon(e.LabelsChanged(request="1", who="ann", number=1, names=("junk", "ham", "news", "bill")))

    then = fold(given, when)

    assert changed(given, then) == {"label_changes"}
    assert then.label_changes == (when.payload,)
    assert when.mustunderstand, "0.1.0 halts"


@pytest.mark.parametrize(
    ("number", "names", "retired"),
    [(2, LABELS, ()), (1, LABELS[:2], ()), (1, LABELS, (3,))],
)
def test_a_change_of_labels_that_does_not_follow_is_refused(
    number: int, names: tuple[str, ...], retired: tuple[int, ...]
) -> None:
    wrong = e.LabelsChanged(request="1", who="ann", number=number, names=names, retired=retired)

    with pytest.raises(InapplicableEvent):
        fold(state_of(project()), at_noon(wrong))


def test_pool_grown_adds_texts_for_the_batches_to_come() -> None:
    given = state_of(project(), queried("0"))
    snapshot = Snapshot(uri="mail-5e1f/pool/y.arrow", digest="y", size=7)
    when = at_noon(e.PoolGrown(snapshot=snapshot, after="d", from_batch=0, who="ann"))

    then = fold(given, when)

    assert changed(given, then) == {"grown"}
    assert then.grown == (Growth(when.id, 1, snapshot),), "batch 0 is picked already"
    assert (when.type, when.mustunderstand) == ("labelloop.PoolGrown.v1", True), "an older version halts"


def test_project_moved_names_the_log_where_the_project_lives_now() -> None:
    given = state_of(project())
    move = e.ProjectMoved(request="1", who="ann", log="kafka:x/y", address="kafka://x:1/y", events=1)

    then = fold(given, at_noon(move))

    assert changed(given, then) == {"moved"}
    assert then.moved == move


def test_event_skipped_changes_no_state() -> None:
    given = state_of(project())
    when = at_noon(e.EventSkipped(request="1", who="ann", event="an-id", content="its-sha256"))

    then = fold(given, when)

    assert changed(given, then) == set()


# Batches


def test_batch_queried_opens_a_batch() -> None:
    given = state_of(project())
    when = at_noon(queried("0", (7, 8, 9)))

    then = fold(given, when)

    assert changed(given, then) == {"batches", "numbered", "picks"}
    assert (then.numbered, then.picks) == (1, 3)
    batch = then.batches["0"]
    assert (batch.queried_id, batch.queried_at) == (when.id, NOON)
    assert batch.items == {7, 8, 9}
    assert not batch.done


def test_responses_recorded_keeps_the_answers_so_far_of_an_open_batch() -> None:
    given = state_of(project(), queried("0", (7, 8, 9)))
    answers = recorded(votes(8, vote("ann", "spam")))

    then = fold(given, at_noon(answers))

    assert changed(given, then) == {"batches"}
    batch = then.batches["0"]
    assert (batch.answers, batch.answered, batch.responses_at) == (answers.items, 1, NOON)
    assert not batch.done


def test_batch_annotated_makes_a_batch_done() -> None:
    given = state_of(project(), queried("0"))
    when = at_noon(all_answered("0"))

    then = fold(given, when)

    assert changed(given, then) == {"batches", "annotated"}
    assert then.annotated == 1
    batch = then.batches["0"]
    assert batch.done
    assert (batch.revisions, batch.revision_ids) == ((all_answered("0"),), (when.id,))
    assert (batch.annotated_at, batch.position) == (NOON, 2)


def test_batch_closed_closes_a_batch_that_is_not_done() -> None:
    given = state_of(project(), queried("0"))
    when = at_noon(e.BatchClosed(request="1", who="ann", batch="0"))

    then = fold(given, when)

    assert changed(given, then) == {"batches"}
    assert then.batches["0"].closed == when.id
    assert not then.batches["0"].done, "that is for the annotation watcher to say"


def test_relabel_requested_asks_for_texts_once_more() -> None:
    given = state_of(project(), queried("0"), all_answered("0"))
    when = at_noon(e.RelabelRequested(request="1", who="ann", items=(2, 0)))

    then = fold(given, when)

    assert changed(given, then) == {"relabels"}
    assert then.relabels == (Relabel(when.id, (2, 0)),)


def test_a_model_of_a_part_of_what_was_given_is_never_there_to_be_chosen() -> None:
    given = state_of(project(given=3))

    assert fold(given, at_noon(e.LookaheadChosen(batch="3", model="2", waiting=0, expected=0.0))).chosen
    with pytest.raises(InapplicableEvent):
        fold(given, at_noon(e.LookaheadChosen(batch="3", model="1", waiting=0, expected=0.0)))


# Models


def test_model_trained_adds_a_model() -> None:
    given = state_of(project(), queried("0"), all_answered("0"))
    when = at_noon(trained("0", {"0": 0}))

    then = fold(given, when)

    assert changed(given, then) == {"models", "latest_model"}
    assert then.latest_model == "0"
    model = then.models["0"]
    assert (model.latest, model.ids, model.at) == (trained("0", {"0": 0}), (when.id,), NOON)
    assert (model.learned, model.available) == ({"0": 0}, True)


def test_a_model_far_beyond_the_batches_passes_over_none_but_theirs() -> None:
    given = state_of(project(), queried("0"), all_answered("0"))

    then = fold(given, at_noon(trained("9" * 18, {"0": 0})))

    assert then.skipped == {0}


def test_model_lost_takes_a_model_away_until_it_is_trained_again() -> None:
    given = state_of(project(), queried("0"), all_answered("0"), trained("0", {"0": 0}))
    when = at_noon(e.ModelLost(model="0", attempt=0, reason="missing"))

    then = fold(given, when)

    assert changed(given, then) == {"models"}
    assert then.models["0"].lost == {0: when.id}
    assert not then.models["0"].available
    assert fold(then, at_noon(trained("0", {"0": 0}, attempt=1))).models["0"].available


def test_model_evaluated_keeps_the_figures_of_the_test_set() -> None:
    given = state_of(project(), queried("0"), all_answered("0"), trained("0", {"0": 0}))

    then = fold(given, at_noon(evaluated("0", accuracy=0.75)))

    assert changed(given, then) == {"evaluations", "tested"}
    assert then.evaluations == {"0": evaluated("0", accuracy=0.75)}


def test_model_evaluated_v2_keeps_the_figures_of_each_test_set() -> None:
    given = state_of(
        project(), queried("0"), all_answered("0"), trained("0", {"0": 0}), evaluated("0", accuracy=0.5)
    )
    when = at_noon(e.ModelEvaluatedV2(**{**dict(evaluated("0", accuracy=0.75)), "test_version": "e"}))

    then = fold(given, when)

    assert changed(given, then) == {"evaluations", "tested"}
    assert then.evaluations["0"].accuracy == 0.75
    assert {key: each.accuracy for key, each in then.tested.items()} == {("0", "d"): 0.5, ("0", "e"): 0.75}
    assert when.id != new_event(PROJECT, e.ModelEvaluatedV2(**dict(evaluated("0"))), source="tests").id


def test_audit_estimated_keeps_the_figures_of_the_pool() -> None:
    given = state_of(project(), queried("0"), all_answered("0"), trained("0", {"0": 0}))

    then = fold(given, at_noon(audited("0")))

    assert changed(given, then) == {"audits"}
    assert then.audits == {"0": audited("0")}


def test_predictions_recorded_keeps_those_of_each_model_on_each_test_set() -> None:
    given = state_of(
        project(), queried("0"), all_answered("0"), trained("0", {"0": 0}), recorded_predictions("0")
    )
    other = recorded_predictions("0", test_version="e", sha256="of-another-test-set")

    then = fold(given, at_noon(other))

    assert changed(given, then) == {"predictions"}
    assert then.predictions == {("0", "d"): recorded_predictions("0"), ("0", "e"): other}


def test_stopping_checked_keeps_what_the_criterion_found() -> None:
    given = state_of(project(), queried("0"), all_answered("0"), trained("0", {"0": 0}))

    then = fold(given, at_noon(checked("0", stop=True)))

    assert changed(given, then) == {"checks"}
    assert then.checks == {"0": checked("0", stop=True)}
    assert then.advised is None


def test_stopping_advised_keeps_the_advice_and_ends_nothing() -> None:
    given = state_of(
        project(), queried("0"), all_answered("0"), trained("0", {"0": 0}), checked("0", stop=True)
    )

    then = fold(given, at_noon(advised("0")))

    assert changed(given, then) == {"advised"}
    assert then.advised == advised("0")
    assert then.ended is None


# Machines among the annotators


def test_suggester_chosen_holds_from_its_batch_on() -> None:
    given = state_of(project(), queried())

    then = fold(given, at_noon(suggester("llm", 3, model="tiny")))

    assert changed(given, then) == {"suggesters"}
    assert then.suggesters == (Suggester(3, Choice(name="llm", parameters={"model": "tiny"}), votes=False),)
    assert fold(given, at_noon(suggester("llm", 0))).suggesters[0].from_batch == 1


def test_suggester_chosen_v2_gives_it_a_vote() -> None:
    given = state_of(project())

    then = fold(given, at_noon(suggester("rules", votes=True)))

    assert changed(given, then) == {"suggesters"}
    assert then.suggesters == (Suggester(0, Choice(name="rules"), votes=True),)


def test_suggestions_made_join_those_of_their_batch() -> None:
    given = state_of(project(), queried(), suggestions(item_0="spam"))

    then = fold(given, at_noon(suggestions(number=1, item_1="ham", item_2=None)))

    assert changed(given, then) == {"batches"}
    assert [made.number for made in then.batches["0"].suggestions] == [0, 1]
    for strange in (suggestions(number=2), suggestions("7"), suggestions(number=1, item_9="spam")):
        with pytest.raises(InapplicableEvent):
            fold(given, at_noon(strange))


# Services


def test_service_failed_keeps_the_last_failure_at_what_was_due() -> None:
    def failed(attempt: int) -> e.ServiceFailed:
        return e.ServiceFailed(
            service="trainer", due="train model 0", kind="disk-full", error="x", attempt=attempt
        )

    given = state_of(project(), failed(1))

    then = fold(given, at_noon(failed(2)))

    assert changed(given, then) == {"failures"}
    (failure,) = then.failures.values()
    assert (failure.event, failure.at) == (failed(2), NOON)


# This page


def test_annotator_changed_is_the_persons_standing_and_leaves_the_votes() -> None:
    given = state_of(project(), queried(), all_answered())
    when = at_noon(e.AnnotatorChanged(request="1", who="ada", annotator="ann", standing="disabled"))

    then = fold(given, when)

    assert changed(given, then) == {"standings"}
    assert then.standings == {"ann": Standing("disabled", NOON)}


def test_each_event_is_shown_here_once() -> None:
    shown = [name for name in globals() if name.startswith("test_")]

    names = [re.sub(r"(?<=.)([A-Z])", r"_\1", event.__name__).lower() for event in e.EVENTS.values()]
    of_event = [
        max((name for name in names if test.startswith(f"test_{name}_")), key=len, default="")
        for test in shown
    ]
    for name in names:
        assert of_event.count(name) == 1, name
