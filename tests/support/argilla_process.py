"""The embedded Argilla as a process whose passwords cost a millisecond of a core, not half a second each."""

from functools import partial

import bcrypt

from labelloop.oracle.server.__main__ import main

CHEAPEST = 4

if __name__ == "__main__":
    bcrypt.gensalt = partial(bcrypt.gensalt, CHEAPEST)
    main()
