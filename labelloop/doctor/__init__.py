"""Find what keeps labelloop from working on this machine, and say how to fix it."""

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Finding:
    """The result of a check. `said` is one line; at the levels `warn` and `fail` it says what to do."""

    check: str
    level: str
    said: str
