"""A dead letter as a Kafka record: the event's own, with headers that say what became of it."""

from datetime import datetime
from typing import Any

from labelloop.log.dead_letters import DeadLetter, Standing
from labelloop.log.kafka.records import Headers, to_headers, to_record

GROUP = "dl_group"
PARTITION = "dl_partition"
OFFSET = "dl_offset"
REASON = "dl_reason"
ATTEMPTS = "dl_attempts"
TIME = "dl_time"
STANDING = "dl_standing"


class NotALetter(ValueError):
    """A record that says nothing about a dead letter, or what this version does not know."""


def to_letter_headers(letter: DeadLetter) -> Headers:
    """The event's headers as they were, then the letter's."""
    said = {
        STANDING: letter.standing,
        GROUP: letter.group,
        PARTITION: str(letter.partition),
        OFFSET: str(letter.offset),
        REASON: letter.reason,
        ATTEMPTS: str(letter.attempts),
        TIME: letter.time.isoformat(),
    }
    return [*to_headers(letter.event), *((name, value.encode()) for name, value in said.items())]


def to_letter(found: Any) -> DeadLetter:
    """The letter in a consumer's record. Raises NotALetter."""
    record = to_record(found)
    if record.event is None:
        raise NotALetter(record.problem)
    try:
        said = {name: value.decode() for name, value in found.headers if name.startswith("dl_")}
        return DeadLetter(
            said[GROUP],
            int(said[PARTITION]),
            int(said[OFFSET]),
            record.event,
            said[REASON],
            int(said[ATTEMPTS]),
            datetime.fromisoformat(said[TIME]),
            Standing(said[STANDING]),
        )
    except KeyError as error:
        raise NotALetter(f"it lacks the header {error}") from error
    except (ValueError, AttributeError) as error:
        raise NotALetter(str(error)) from error
