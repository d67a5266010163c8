"""What `labelloop deadletters` prints of a letter."""

from typing import Any

from labelloop.log.dead_letters import DeadLetter, Standing

SAID = {Standing.DEAD: "", Standing.REDRIVEN: "asked for again, ", Standing.SETTLED: "handled since, "}


def line(letter: DeadLetter) -> str:
    event = letter.event
    return (
        f"{letter.id}  {letter.time:%Y-%m-%d %H:%M:%S}  {event.project}  {event.name:<17} "
        f"{SAID[letter.standing]}{letter.attempts} attempts, {letter.reason}"
    )


def facts(letter: DeadLetter) -> dict[str, Any]:
    return {
        "letter": letter.id,
        "standing": letter.standing,
        "time": letter.time.isoformat(),
        "group": letter.group,
        "project": letter.event.project,
        "event": letter.event.id,
        "type": letter.event.type,
        "partition": letter.partition,
        "offset": letter.offset,
        "attempts": letter.attempts,
        "reason": letter.reason,
    }
