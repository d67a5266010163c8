"""From a strategy's picks to a batch's items. Pure."""

from collections.abc import Sequence

from labelloop.learner.requests import Pick
from labelloop.loop.draws import shuffled
from schemas.parts import QueriedItem


def queried_items(
    batch: str, seed: int, uncertain: Sequence[Pick], audit: Sequence[Pick]
) -> tuple[QueriedItem, ...]:
    """The batch in the order people meet it: the strategy's, or mixed so that audit texts do not stand out.

    An audit text shows no suggestion, so that people are not led.
    """
    picks = {pick.item: pick for pick in (*uncertain, *audit)}
    audited = {pick.item for pick in audit}
    order = shuffled(seed, batch, list(picks)) if audited else list(picks)
    return tuple(
        QueriedItem(
            item=item,
            rank=rank,
            reason="audit" if item in audited else "uncertain",
            score=picks[item].score,
            predicted=(picks[item].label,),
            probability=picks[item].probability,
            suggested=item not in audited,
        )
        for rank, item in enumerate(order)
    )
