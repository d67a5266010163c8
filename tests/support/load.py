"""A person who answers without a break, whatever happens to the servers meanwhile."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import httpx

from labelloop.loop.state import LoopState
from tests.support.argilla_server import ArgillaServer
from tests.support.people import Owner, Person

PAUSE = 0.5


class Load:
    """Answers every text of a project as it comes, in the order of batches and ranks, by the gold labels.

    `labels_given`: that of each answer that the server took, by the batch and the pool item.
    """

    def __init__(
        self, server: ArgillaServer, project: str, person: Person, gold: Callable[[int], str]
    ) -> None:
        self.labels_given: dict[tuple[str, int], str] = {}
        self._server = server
        self._owner = Owner(server, project)
        self._person = person
        self._gold = gold
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._answer, name=f"load of {person.name}", daemon=True)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer no more; what was given is in Argilla."""
        self._done.set()
        self._thread.join()

    def is_in(self, state: LoopState) -> bool:
        """Whether the log holds each answer that was given."""
        recorded = {
            (batch.name, item.item): vote.labels
            for batch in state.batches.values()
            for item in batch.answers
            for vote in item.votes
            if vote.username == self._person.name and vote.status == "submitted"
        }
        return all(recorded.get(text) == (label,) for text, label in self.labels_given.items())

    def _answer(self) -> None:
        while not self._done.wait(PAUSE):
            try:
                for record in self._waiting():
                    if self._done.wait(PAUSE):
                        return
                    label = self._gold(record["metadata"]["item"])
                    self._person.answer(record["id"], label)
                    batch = record["external_id"].partition(":")[0]
                    self.labels_given[batch, record["metadata"]["item"]] = label
            except httpx.TransportError:
                continue  # The server is away: try again.

    def _waiting(self) -> list[dict[str, Any]]:
        """The records that this person has not answered."""
        dataset = self._owner.dataset()
        if dataset is None:
            return []
        params: dict[str, str | int] = {"include": "responses", "limit": 1000}
        with self._server.client() as client:
            answer = client.get(f"/datasets/{dataset}/records", params=params)
        if answer.status_code == 404:
            return []
        waiting = [record for record in answer.raise_for_status().json()["items"] if not self._has(record)]
        return sorted(waiting, key=lambda record: (record["metadata"]["batch"], record["metadata"]["rank"]))

    def _has(self, record: dict[str, Any]) -> bool:
        return any(
            response["user_id"] == self._person.id and response["status"] == "submitted"
            for response in record["responses"]
        )
