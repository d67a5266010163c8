"""What `labelloop replay` prints for people."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelloop.projects.replaying import Verified
    from labelloop.projects.retraining import Retrained


def standing_text(said: Mapping[str, Any]) -> str:
    return "\n".join(_lines(said))


def _lines(said: Mapping[str, Any]) -> Iterator[str]:
    yield f"project     {said['name']} ({said['project']}), {said['events']} events"
    for standing in ("halted", "moved"):
        if said[standing]:
            yield f"            {said[standing]}"
    batches = said["batches"]
    yield f"batches     {batches['done']} done, {len(batches['open'])} open"
    for batch in batches["open"]:
        yield f"  {batch['batch']:>8}  {batch['answered']} of {batch['texts']} texts answered"
    yield f"labels      {_counts(said['labels'])}"
    for name, answers in said["annotators"].items():
        yield f"  {name}  {_counts(answers)}"
    yield f"models      {len(said['models'])}"
    for model in said["models"]:
        accuracy = "" if model["accuracy"] is None else f", accuracy {model['accuracy']:.3f}"
        lost = ", lost" if model["lost"] else ""
        yield f"  {model['model']:>8}  {model['labels']} labels{accuracy}{lost}"
    yield f"digest      {said['digest']}"


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in found.items()) or "none"


def verified_text(verified: "Verified") -> str:
    """The last line, and before it what was dropped or could not be looked at."""
    return "\n".join([*_notes(verified), f"verified: {verified.events} events, digest {verified.digest}"])


def _notes(verified: "Verified") -> Iterator[str]:
    if verified.duplicates or verified.conflicts:
        yield f"dropped     {verified.duplicates} duplicates, {verified.conflicts} conflicting events"
    if verified.models is None:
        yield "not read    pool and models: say where they are by --store"
    elif verified.gone:
        yield f"not there   {verified.gone} older models; {verified.models} are whole"


def retrained_text(again: "Retrained") -> str:
    trained = f"trained     model {again.model} again from {again.labels} labels, {again.seconds:.1f} s"
    changed = "".join(f"; {name} {before}, now {now}" for name, (before, now) in again.changed.items())
    return f"{trained}: {_likeness(again)}{changed}"


def _likeness(again: "Retrained") -> str:
    if again.difference is not None:
        found = again.difference
        return (
            f"other weights: of {found.texts} texts {found.other_label} get another label, and probabilities "
            f"differ by {found.probability:.4f} on average"
        )
    if again.same is None:
        return "other bytes, but the first one is not kept, so its weights cannot be compared"
    return "the same weights, byte for byte"
