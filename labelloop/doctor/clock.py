"""This machine's clock, against those of others. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from labelloop.doctor.finding import OK, WARN, Finding

TOLERANCE = timedelta(seconds=30)
REMEDY = "set it by `timedatectl set-ntp true`, or as your system does"


def judge_clock(now: datetime, told: Mapping[str, datetime], newest: datetime | None) -> list[Finding]:
    """`told`: what others say that it is now; `newest`: the time of the log's latest event."""
    findings = [
        Finding("clock", WARN, f"{_distance(now - time)} {whose}: {REMEDY}")
        for whose, time in told.items()
        if abs(now - time) > TOLERANCE
    ]
    if newest is not None and newest - now > TOLERANCE:
        findings.append(
            Finding(
                "clock",
                WARN,
                f"the log's newest event is of {newest.isoformat(timespec='seconds')}, "
                f"{_seconds(newest - now)} from now; if it is this clock that is wrong, {REMEDY}",
            )
        )
    said = f"{now.isoformat(timespec='seconds')}" + "".join(f", as {whose} says" for whose in told)
    return findings or [Finding("clock", OK, said)]


def _distance(difference: timedelta) -> str:
    word = "ahead of" if difference > timedelta() else "behind"
    return f"this clock is {_seconds(abs(difference))} {word} that of"


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():,.0f} s"
