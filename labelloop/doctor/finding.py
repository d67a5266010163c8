"""What a check found."""

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Finding:
    """`said` is one line; at the levels `warn` and `fail` it also says what to do."""

    check: str
    level: str
    said: str
