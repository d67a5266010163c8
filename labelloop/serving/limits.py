"""How much may be asked: limits on size and rate, and refusals. Pure."""

from dataclasses import dataclass
from math import ceil


class Refusal(Exception):
    """A request that gets no answer: the HTTP status, one sentence, and in how many seconds to try again."""

    def __init__(self, status: int, sentence: str, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry_after = retry_after


@dataclass(frozen=True)
class Limits:
    """The most bytes of a body, texts of a request, and requests a second (0: any number).

    `waiting`: the most texts that may wait for the model.
    """

    body: int = 2**20
    texts: int = 256
    rate: float = 100.0

    @property
    def waiting(self) -> int:
        return 4 * self.texts


def check_number(texts: int, limits: Limits) -> None:
    """Raises Refusal for more texts than a request may have."""
    if texts > limits.texts:
        raise Refusal(413, f"there are {texts:,} texts, and a request may have {limits.texts:,}: send fewer")


def too_large(limits: Limits) -> Refusal:
    """The body has too many bytes."""
    return Refusal(413, f"the body is larger than {limits.body:,} bytes: send fewer texts at a time")


class Bucket:
    """Lets through so many requests a second, and at once as many as in one second. `rate` 0: all."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(1.0, rate)
        self._left = self._most
        self._at: float | None = None

    def take(self, now: float) -> None:
        """Let a request through at this time in seconds. Raises Refusal."""
        if not self._rate:
            return
        since = 0.0 if self._at is None else max(0.0, now - self._at)
        self._left, self._at = min(self._most, self._left + since * self._rate), now
        if self._left < 1:
            wait = ceil((1 - self._left) / self._rate)
            raise Refusal(429, f"more than {self._rate:g} requests a second: try again later", wait)
        self._left -= 1
