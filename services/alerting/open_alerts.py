"""Open alerts and messages that are still to be sent. They are kept in a file, so a crash loses nothing."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from labelloop import atomic
from labelloop.alerts.channels import Message
from labelloop.alerts.problems import Alert
from labelloop.alerts.settings import BOOK
from labelloop.durations import spoken
from labelloop.errors import UserError


@dataclass
class QueuedAlert:
    """A message, and the ids of the targets that have not received it yet."""

    message: Message
    targets_left: list[str]


@dataclass
class OpenAlert:
    """An open alert, and when its problem began."""

    title: str
    since: datetime


@dataclass
class Book:
    """Open alerts and queued messages. `save` writes them atomically.

    `log`: the log's identity. `places`: the last offset of each partition for which alerts were decided.
    `open_alerts`: by subject (a project or a service) and key.
    """

    path: Path
    log: str
    targets: Collection[str]
    places: dict[int, int] = field(default_factory=dict)
    open_alerts: dict[str, dict[str, OpenAlert]] = field(default_factory=dict)
    outbox: list[QueuedAlert] = field(default_factory=list)

    def change(self, about: str, firing: Mapping[str, Alert], now: datetime) -> bool:
        """Set the current alerts of a project or service. Messages are queued for new and ended ones."""
        before = self.open_alerts.get(about, {})
        for key, alert in firing.items():
            if key not in before:
                self._tell(Message(alert.title, alert.text))
        for key, open_alert in before.items():
            if key not in firing:
                stood = spoken(max(now - open_alert.since, timedelta()))
                self._tell(Message(f"over: {open_alert.title}", f"It lasted {stood}.", is_over=True))
        if before.keys() == firing.keys():
            return False
        self.open_alerts[about] = {
            key: before.get(key, OpenAlert(alert.title, alert.since or now)) for key, alert in firing.items()
        }
        if not firing:
            del self.open_alerts[about]
        return True

    def forget(self, is_forgotten: Callable[[str, str], bool]) -> bool:
        """Drop alerts that are no longer checked, by subject and key. No message is sent."""
        remaining = {
            about: {key: alert for key, alert in alerts.items() if not is_forgotten(about, key)}
            for about, alerts in self.open_alerts.items()
        }
        before, self.open_alerts = (
            self.open_alerts,
            {about: alerts for about, alerts in remaining.items() if alerts},
        )
        return self.open_alerts != before

    def next_for(self, target: str) -> QueuedAlert | None:
        """The oldest message that a target has not received."""
        return next((queued for queued in self.outbox if target in queued.targets_left), None)

    def took(self, target: str, queued: QueuedAlert) -> None:
        """Note that the target received the message."""
        queued.targets_left.remove(target)
        self.outbox = [each for each in self.outbox if each.targets_left]

    def _tell(self, message: Message) -> None:
        self.outbox.append(QueuedAlert(message, list(self.targets)))

    def save(self) -> None:
        """Write to disk; durable when it returns. Raises UserError if it cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            atomic.write(self.path, json.dumps(self._written(), indent=1), mode=atomic.THIS_USER)
        except OSError as error:
            raise UserError(
                f"alerts cannot be saved in {self.path} ({error.strerror or error}): "
                "check the folder and its disk"
            ) from error

    def _written(self) -> dict[str, Any]:
        return {
            "log": self.log,
            "targets": list(self.targets),
            "places": {str(partition): offset for partition, offset in self.places.items()},
            "standing": {
                about: {key: [alert.title, alert.since.isoformat()] for key, alert in alerts.items()}
                for about, alerts in self.open_alerts.items()
            },
            "outbox": [
                {"message": asdict(queued.message), "left": queued.targets_left} for queued in self.outbox
            ],
        }


def open_book(folder: Path, log: str, targets: Collection[str]) -> Book:
    """The saved alerts of this log, for these targets. Empty if there are none, or for another log.

    Messages queued for targets that were removed go to new targets. Raises UserError if the file is damaged.
    """
    book = Book(folder / BOOK, log, targets)
    try:
        content = json.loads(book.path.read_text(encoding="utf-8"))
        if content["log"] != log:
            return book
        book.places = {int(partition): int(offset) for partition, offset in content["places"].items()}
        for about, alerts in content["standing"].items():
            book.open_alerts[about] = {
                key: OpenAlert(str(title), datetime.fromisoformat(since))
                for key, (title, since) in alerts.items()
            }
        new = [target for target in targets if target not in content["targets"]]
        for each in content["outbox"]:
            # A corrected address is a new target: it gets the messages of the removed one.
            if targets_left := [target for target in each["left"] if target in targets] or list(new):
                book.outbox.append(QueuedAlert(Message(**each["message"]), targets_left))
    except FileNotFoundError:
        return book
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{book.path} cannot be read ({error}): remove it; alerts then start over") from error
    return book
