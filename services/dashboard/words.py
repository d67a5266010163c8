"""Read texts of a pool, and end: `python -P -m services.dashboard.words`, with what is wanted as JSON.

What reads pools takes as much memory as all else of the dashboard, and is seldom needed.
"""

import json
import sys

from labelloop.errors import TaskError, Unavailable, UserError, one_line
from labelloop.loop.pools import Pool
from labelloop.store import open_store
from schemas.parts import Snapshot


def main() -> None:
    """Write the texts of the wanted items as a list, or exit with 1 and the reason."""
    wanted = json.load(sys.stdin)
    pool = Pool(tuple(Snapshot(**snapshot) for snapshot in wanted["snapshots"]))
    try:
        texts = open_store(wanted["store"]).open_pool(pool).texts(wanted["items"])
    except (TaskError, Unavailable, UserError) as error:
        sys.exit(one_line(error))
    json.dump(texts, sys.stdout)


if __name__ == "__main__":
    main()
