"""Whether a worker in this container takes jobs: Redis forgets one that is silent for 8 minutes."""

import os
import socket
import sys

from redis import Redis
from redis.exceptions import RedisError
from rq import Worker

try:
    workers = Worker.all(connection=Redis.from_url(os.environ["ARGILLA_REDIS_URL"], socket_timeout=10))
except RedisError as error:
    sys.exit(f"Redis: {error}")
if not any(worker.hostname == socket.gethostname() for worker in workers):
    sys.exit("no worker of this container takes jobs")
