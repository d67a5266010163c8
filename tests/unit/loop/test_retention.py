"""Which models are kept."""

from labelloop.loop.retention import kept_models
from schemas import events as e
from tests.support.states import all_answered, project, queried, state_of, trained

MODELS = [trained(str(number), {"0": 0}) for number in range(4)]


def names(*told: e.EventData, count: int, lookahead: int = 1, share: float = 0) -> list[tuple[str, int]]:
    created = project(lookahead=lookahead, audit_share=share)
    state = state_of(created, queried(), all_answered(), *told)
    return [(model.latest.model, model.latest.attempt) for model in kept_models(state, count)]


def test_the_newest_models_are_kept() -> None:
    assert names(*MODELS, count=2) == [("2", 0), ("3", 0)]
    assert names(*MODELS, count=9) == [(str(number), 0) for number in range(4)]


def test_models_that_pick_batches_to_come_are_kept_in_any_case() -> None:
    assert names(*MODELS, count=0) == [("2", 0), ("3", 0)]
    assert names(*MODELS, count=0, lookahead=2) == [("1", 0), ("2", 0), ("3", 0)]


def test_models_that_are_still_to_be_audited_are_kept_too() -> None:
    assert names(*MODELS, count=1, lookahead=0, share=0.2) == [("1", 0), ("2", 0), ("3", 0)]
    assert len(names(*MODELS, count=1, lookahead=1, share=0.2)) == 4


def test_where_the_lookahead_grows_the_newest_picks_and_those_since_the_last_audit_are_kept() -> None:
    batches = [queried(str(number), (3 * number,), model="1") for number in (1, 2, 3)]
    chosen = [e.LookaheadChosen(batch=batch, model="1", waiting=0, expected=0.0) for batch in ("2", "3")]
    told = [*MODELS, *chosen, *batches, all_answered("1", (3,)), all_answered("2", (6,))]

    def kept_names(share: float) -> list[str]:
        created = project(lookahead_grows=True, audit_share=share)
        return [
            model.latest.model
            for model in kept_models(state_of(created, queried(), all_answered(), *told), 0)
        ]

    assert kept_names(share=0) == ["2", "3"]
    assert kept_names(share=0.2) == ["0", "1", "2", "3"]


def test_final_models_leave_those_alone_that_pick_batches_to_come() -> None:
    finals = [trained(f"final-{number}", {"0": 0}) for number in range(1, 4)]

    assert [name for name, _ in names(*MODELS, *finals, count=2)] == ["2", "3", "final-2", "final-3"]


def test_of_a_model_trained_again_the_latest_attempt_is_kept() -> None:
    lost = e.ModelLost(model="3", attempt=0, reason="gone")

    assert names(*MODELS, lost, trained("3", {"0": 0}, attempt=1), count=1)[-1] == ("3", 1)
