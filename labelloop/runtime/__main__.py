"""Start a service: `python -P -m labelloop.runtime trainer`.

It is `python -P -m services.trainer`, except that one line says so if another package hides ours.
"""

import runpy
import sys

from labelloop.config.service_settings import BESIDE, SERVICES
from labelloop.startup import exit_unless_ours

NAMES = (*SERVICES, *BESIDE)


def main() -> None:
    """Start the service that the command line names. Exits with 2 and a one-line error if it cannot."""
    exit_unless_ours()
    if len(sys.argv) != 2 or sys.argv[1] not in NAMES:
        print(f"error: name one service: {', '.join(NAMES)}", file=sys.stderr)
        sys.exit(2)
    runpy.run_module(f"services.{sys.argv[1]}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
