"""A stand-in for Redis, which Argilla pings at start and uses as a queue for jobs."""

import threading

from fakeredis import TcpFakeServer


def serve_redis() -> int:
    """Serve an empty Redis on a free loopback port until the process ends. Returns the port."""
    server = TcpFakeServer(("127.0.0.1", 0))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="redis", daemon=True).start()
    return int(server.server_address[1])
