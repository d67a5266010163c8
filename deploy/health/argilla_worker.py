"""Whether a worker in this container takes jobs.

One that works says so every 30 seconds; one that is idle is silent for minutes, and is given a job to do.
"""

import os
import socket
import sys
import time
from datetime import timedelta

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.utils import utcnow

FRESH = timedelta(seconds=90)
PATIENCE = 12.0


def main() -> None:
    try:
        redis = Redis.from_url(os.environ["ARGILLA_REDIS_URL"], socket_timeout=10)
        if _heard(redis):
            return
        Queue("high", connection=redis).enqueue("time.time", ttl=30, result_ttl=30, failure_ttl=30)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if _heard(redis):
                return
            time.sleep(0.5)
    except RedisError as error:
        sys.exit(f"Redis: {error}")
    sys.exit("no worker of this container takes jobs")


def _heard(redis: Redis) -> bool:
    here = [worker for worker in Worker.all(connection=redis) if worker.hostname == socket.gethostname()]
    return any(worker.last_heartbeat and utcnow() - worker.last_heartbeat < FRESH for worker in here)


if __name__ == "__main__":
    main()
