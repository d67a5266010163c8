"""deploy/health/kafka.sh on a real broker."""

import subprocess
import time

import pytest

from tests.support.deployment import ROOT
from tests.support.kafka_broker import START_SECONDS, Broker

Checked = subprocess.CompletedProcess[str]


def check(broker: Broker) -> Checked:
    command = ["bash", str(ROOT / "deploy/health/kafka.sh"), str(broker.port)]
    return subprocess.run(command, capture_output=True, text=True)


def check_until(broker: Broker, well: bool) -> Checked:
    """The first check that finds it well, or not; a broker starts and stops when its threads get to it."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        checked = check(broker)
        if (checked.returncode == 0) == well or time.monotonic() > give_up:
            return checked
        time.sleep(0.05)


@pytest.mark.all_cells
def test_a_broker_that_answers_is_well_a_frozen_or_dead_one_is_not(own_broker: Broker) -> None:
    started = check_until(own_broker, well=True)
    own_broker.freeze()
    frozen = check_until(own_broker, well=False)
    own_broker.wake()
    woken = check_until(own_broker, well=True)
    own_broker.kill()
    dead = check(own_broker)

    assert started.returncode == 0
    assert frozen.returncode != 0
    assert frozen.stderr
    assert woken.returncode == 0
    assert dead.returncode != 0
