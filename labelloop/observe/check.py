"""Check the service in this container: `python -P -m labelloop.observe.check [healthz|readyz]`.

Exits with 0 if the service is healthy (or ready), else with 1 and the reason. Imports little, to be fast.
"""

import sys
from http.client import HTTPConnection, HTTPException

from labelloop.config.environment import OBSERVING
from labelloop.errors import UserError
from labelloop.observe.settings import bearing, read_token

PATIENCE = 3.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def main() -> None:
    probe = sys.argv[1] if len(sys.argv) > 1 else "healthz"
    problem = ask(probe)
    if problem is not None:
        sys.exit(f"{probe}: {problem}")


def ask(probe: str) -> str | None:
    """Why the service is not healthy (`healthz`) or not ready (`readyz`); None if it is."""
    port = OBSERVING.get("LABELLOOP_HEALTH_PORT", "")
    if not port.isdecimal() or port == "0":
        return "LABELLOOP_HEALTH_PORT is not a port: set it to the port of the service's health page"
    try:
        headers = bearing(read_token())
    except UserError as error:
        return str(error)
    host = OBSERVING.get("LABELLOOP_HEALTH_HOST") or "127.0.0.1"
    connection = HTTPConnection(EVERYWHERE.get(host, host), int(port), timeout=PATIENCE)
    try:
        connection.request("GET", f"/{probe}", headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace").strip()
    except (OSError, HTTPException) as error:
        return f"no answer on port {port}: {error}"
    return None if answer.status == 200 else body


if __name__ == "__main__":
    main()
