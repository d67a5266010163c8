"""The login of an embedded server, which the server generates itself."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from labelloop import atomic
from labelloop.errors import UserError

OWNER = "owner"
FILE = "secrets.json"


@dataclass(frozen=True)
class Credentials:
    """The owner's login and API key, and the key that signs the web page's sessions."""

    username: str
    password: str
    api_key: str
    auth_secret_key: str


def credentials(home: Path) -> Credentials:
    """The login of the server in `home`, generated on the first call (file mode 0600, folder mode 0700).

    Raises UserError if the file is damaged.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    path = home / FILE
    if not path.exists():
        # If two processes start together, one wins and both read its file.
        content = json.dumps(asdict(_generate()), indent=2)
        atomic.write(path, content, mode=atomic.THIS_USER, replaces=False)
    try:
        return Credentials(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise UserError(f"{path} is damaged: remove it; a new login is made at the next start") from error


def _generate() -> Credentials:
    return Credentials(
        username=OWNER,
        password=secrets.token_urlsafe(12),
        api_key=secrets.token_urlsafe(32),
        auth_secret_key=secrets.token_hex(32),
    )
