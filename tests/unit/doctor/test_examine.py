"""The order in which things are looked at."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labelloop.config.deployment import GivenArgilla
from labelloop.config.home import Home
from labelloop.config.locations import Elsewhere
from labelloop.doctor import Finding, examine
from labelloop.doctor.machine import check_ports, judge_clock


async def test_the_clock_is_read_when_argilla_answers_and_not_after_what_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[datetime] = []

    def ports(home: Home | None, has_embedded: bool) -> list[Finding]:
        read.append(datetime.now(UTC))
        return check_ports(home, has_embedded)

    def clock(now: datetime, told: Mapping[str, datetime], newest: datetime | None) -> list[Finding]:
        read.append(now)
        return judge_clock(now, told, newest)

    monkeypatch.setattr(examine, "check_ports", ports)
    monkeypatch.setattr(examine, "judge_clock", clock)

    await examine.examine(tmp_path / "home", False, Elsewhere(), GivenArgilla())

    others, now = read
    assert now < others
