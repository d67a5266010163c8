"""The embedded Argilla as a process whose passwords cost a millisecond of a core, not half a second each."""

import sys
from functools import partial
from typing import Any

import bcrypt
from fastapi import FastAPI

from labelloop.oracle.server.__main__ import main

CHEAPEST = 4
ELSEWHERE = "--elsewhere"


def be_elsewhere() -> None:
    """Answer as an Argilla that knows nothing of labelloop, as far as clients ask for it."""
    add = FastAPI.add_api_route

    def without_ours(self: FastAPI, path: str, *arguments: Any, **options: Any) -> None:
        if not path.startswith("/labelloop/"):
            add(self, path, *arguments, **options)

    FastAPI.add_api_route = without_ours  # type: ignore[method-assign]


if __name__ == "__main__":
    bcrypt.gensalt = partial(bcrypt.gensalt, CHEAPEST)
    if ELSEWHERE in sys.argv:
        sys.argv.remove(ELSEWHERE)
        be_elsewhere()
    main()
