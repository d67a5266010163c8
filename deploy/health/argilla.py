"""Whether Argilla knows its owner, which it looks up in PostgreSQL."""

import os
import sys
from urllib.request import Request, urlopen

OWNER = Request("http://127.0.0.1:6900/api/v1/me", headers={"X-Argilla-Api-Key": os.environ["API_KEY"]})

try:
    with urlopen(OWNER, timeout=8):
        pass
except OSError as error:
    sys.exit(str(error))
