"""What Argilla finds around it: the settings that it reads when it is imported, and a stand-in for Redis."""

import os
import shutil
import tempfile
import threading
from pathlib import Path

from labelloop.oracle.server.secrets import Credentials

DATABASE = "argilla.db"
SEARCH_ENGINE = "labelloop"


def configure(home: Path, login: Credentials, redis_port: int) -> None:
    """Replace all ARGILLA_* variables by the settings of the server in `home`. It contacts nobody else."""
    for name in [name for name in os.environ if name.startswith("ARGILLA_")]:
        del os.environ[name]
    os.environ |= {
        "ARGILLA_HOME_PATH": str(home),
        "ARGILLA_DATABASE_URL": f"sqlite+aiosqlite:///{home / DATABASE}?check_same_thread=False",
        "ARGILLA_DATABASE_SQLITE_TIMEOUT": "30",
        "ARGILLA_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "ARGILLA_SEARCH_ENGINE": SEARCH_ENGINE,
        "ARGILLA_AUTH_SECRET_KEY": login.auth_secret_key,
        "ARGILLA_AUTH_OAUTH_CFG": str(home / "oauth.yaml"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
    }


def clean_temporary(home: Path) -> None:
    """Keep temporary files in `home`, and remove those of a server that was killed.

    Changed pages are written into a temporary folder at each start.
    """
    folder = home / "tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    tempfile.tempdir = str(folder)


def serve_redis() -> int:
    """Serve an empty Redis on a free loopback port until the process ends. Returns the port.

    Argilla pings it at start, and uses it as a queue for jobs.
    """
    from fakeredis import TcpFakeServer

    server = TcpFakeServer(("127.0.0.1", 0))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="redis", daemon=True).start()
    return int(server.server_address[1])
