"""How far machines agree with people."""

from labelloop.loop.machine_figures import Compared, FunctionFigures, machine_figures
from schemas import events as e
from schemas.parts import FunctionVote, QueriedItem, SuggestedItem
from tests.support.states import (
    annotated,
    answered,
    machine,
    project,
    queried,
    state_of,
    suggester,
    suggestions,
    vote,
)


def test_it_is_compared_with_people_who_saw_what_it_suggests_and_with_those_who_did_not() -> None:
    picked = [QueriedItem(item=item, rank=item, reason="uncertain") for item in range(4)]
    picked += [QueriedItem(item=item, rank=item, reason="audit") for item in (4, 5)]
    batch = e.BatchQueried(batch="0", items=tuple(picked), seed=0, pool_version="d", seconds=0)
    done = [answered(item, vote("ann", "spam")) for item in (0, 1, 2, 4, 5)]
    said = suggestions(
        item_0="spam", item_1="ham", item_2=None, item_3="spam", item_4="spam", item_5="spam", cost=0.5
    )
    state = state_of(
        project(), suggester(), batch, said, annotated(*done, answered(3, vote("ann"), discarded=True))
    )

    (figures,) = machine_figures(state).values()

    assert machine_figures(state).keys() == {"llm tiny"}
    assert (figures.asked, figures.labelled, figures.abstained) == (6, 5, {"unclear": 1})
    assert figures.shown == Compared(2, 1)
    assert figures.unseen == Compared(2, 2)
    assert figures.spent.cost == 0.5


def test_it_is_not_compared_with_its_own_vote() -> None:
    done = annotated(answered(0, vote("ann", "spam"), vote("bob", "ham"), machine("ham"), labels=("ham",)))
    state = state_of(project(), suggester(votes=True), queried(items=(0,)), suggestions(item_0="ham"), done)

    (figures,) = machine_figures(state).values()

    assert figures.shown == Compared(1, 0)


def test_label_functions_have_figures_of_their_own() -> None:
    def told(item: int, **votes: str) -> SuggestedItem:
        given = tuple(FunctionVote(function=name, labels=(label,)) for name, label in votes.items())
        return SuggestedItem(item=item, votes=given, labels=(given[0].labels[0],) if len(given) == 1 else ())

    said = e.SuggestionsMade(
        batch="0",
        number=0,
        suggester="mail",
        items=(told(0, prize="spam"), told(1, prize="spam", lunch="ham"), told(2)),
        functions=("prize", "lunch", "never"),
        seconds=0.1,
    )
    done = annotated(*(answered(item, vote("ann", "spam")) for item in range(3)))
    state = state_of(project(), suggester("mail"), queried(), said, done)

    (figures,) = machine_figures(state).values()

    assert machine_figures(state).keys() == {"mail"}
    assert figures.functions == {
        "prize": FunctionFigures(2, 1, Compared(2, 2)),
        "lunch": FunctionFigures(1, 1, Compared(1, 0)),
        "never": FunctionFigures(0, 0, Compared(0, 0)),
    }


def test_a_project_without_machines_has_none() -> None:
    assert machine_figures(state_of(project(), queried())) == {}
