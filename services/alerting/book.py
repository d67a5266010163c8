"""What was found wrong, what is still to be told and to whom: in one file, so that a crash loses nothing."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from labelloop import atomic
from labelloop.alerts import Message
from labelloop.durations import spoken
from labelloop.errors import UserError
from services.alerting.due import Alert

FILE = "alerts.json"


@dataclass
class QueuedAlert:
    """A message, and the ids of the targets that have not taken it yet."""

    message: Message
    left: list[str]


@dataclass
class OpenAlert:
    """An alert that stands, since when."""

    title: str
    since: datetime


@dataclass
class Book:
    """Written whole or not at all, by `save`.

    `log`: the identity of the log it is about. `places`: the last offset of each partition that alerts were
    decided up to. `standing`: alerts by what they are about (a project or a service) and their keys.
    """

    path: Path
    log: str
    targets: Collection[str]
    places: dict[int, int] = field(default_factory=dict)
    standing: dict[str, dict[str, OpenAlert]] = field(default_factory=dict)
    outbox: list[QueuedAlert] = field(default_factory=list)

    def change(self, about: str, firing: Mapping[str, Alert], now: datetime) -> bool:
        """Note what is wrong with a project or a service now: what is new or over is to be told."""
        before = self.standing.get(about, {})
        for key, alert in firing.items():
            if key not in before:
                self._tell(Message(alert.title, alert.text))
        for key, known in before.items():
            if key not in firing:
                stood = spoken(max(now - known.since, timedelta()))
                self._tell(Message(f"over: {known.title}", f"It stood for {stood}.", is_over=True))
        if before.keys() == firing.keys():
            return False
        self.standing[about] = {
            key: before.get(key, OpenAlert(alert.title, now)) for key, alert in firing.items()
        }
        if not firing:
            del self.standing[about]
        return True

    def forget(self, is_forgotten: Callable[[str, str], bool]) -> bool:
        """Drop what is not judged any more, by what it is about and its key: it is not told to be over."""
        kept = {
            about: {key: known for key, known in alerts.items() if not is_forgotten(about, key)}
            for about, alerts in self.standing.items()
        }
        before, self.standing = self.standing, {about: alerts for about, alerts in kept.items() if alerts}
        return self.standing != before

    def next_for(self, target: str) -> QueuedAlert | None:
        """The oldest message that a target has not taken."""
        return next((queued for queued in self.outbox if target in queued.left), None)

    def took(self, target: str, queued: QueuedAlert) -> None:
        """The target has taken the message."""
        queued.left.remove(target)
        self.outbox = [each for each in self.outbox if each.left]

    def _tell(self, message: Message) -> None:
        self.outbox.append(QueuedAlert(message, list(self.targets)))

    def save(self) -> None:
        """On disk when it returns. Raises UserError when it cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            atomic.write(self.path, json.dumps(self._written(), indent=1), mode=atomic.THIS_USER)
        except OSError as error:
            raise UserError(
                f"what was alerted cannot be kept in {self.path} ({error.strerror or error}): "
                "check the folder and its disk"
            ) from error

    def _written(self) -> dict[str, Any]:
        return {
            "log": self.log,
            "targets": list(self.targets),
            "places": {str(partition): offset for partition, offset in self.places.items()},
            "standing": {
                about: {key: [known.title, known.since.isoformat()] for key, known in alerts.items()}
                for about, alerts in self.standing.items()
            },
            "outbox": [{"message": asdict(queued.message), "left": queued.left} for queued in self.outbox],
        }


def open_book(folder: Path, log: str, targets: Collection[str]) -> Book:
    """What was kept of this log, for these targets; empty where it was of another log, or nothing was.

    What was left to targets that are no more is left to those that are new.
    Raises UserError when it is damaged.
    """
    book = Book(folder / FILE, log, targets)
    try:
        content = json.loads(book.path.read_text(encoding="utf-8"))
        if content["log"] != log:
            return book
        book.places = {int(partition): int(offset) for partition, offset in content["places"].items()}
        for about, alerts in content["standing"].items():
            book.standing[about] = {
                key: OpenAlert(str(title), datetime.fromisoformat(since))
                for key, (title, since) in alerts.items()
            }
        new = [target for target in targets if target not in content["targets"]]
        for each in content["outbox"]:
            # An address that was corrected is another one: it takes what nobody else is left to take.
            if left := [target for target in each["left"] if target in targets] or list(new):
                book.outbox.append(QueuedAlert(Message(**each["message"]), left))
    except FileNotFoundError:
        return book
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{book.path} cannot be read ({error}): remove it, and alerts begin anew") from error
    return book
