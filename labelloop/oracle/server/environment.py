"""Settings of the embedded server. Argilla reads them from the environment when it is imported."""

import os
import shutil
import tempfile
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
