"""Where a home's Argilla is: the embedded one, or one elsewhere by URL and key."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from labelloop.errors import UserError
from labelloop.home import Home

FILE = "argilla-elsewhere.json"


@dataclass(frozen=True)
class ArgillaAccess:
    """An Argilla and the owner's key for it; `headers` go with every request."""

    url: str
    key: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def find_elsewhere(home: Home) -> ArgillaAccess | None:
    """The Argilla elsewhere that this home uses; None when it uses the embedded one. Raises UserError."""
    path = home.path / FILE
    try:
        return ArgillaAccess(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read ({error}): remove it, then give --argilla-url and --argilla-key again"
        ) from error


def save_elsewhere(home: Home, access: ArgillaAccess) -> None:
    """Keep it for this home, readable by its user only."""
    path = home.path / FILE
    draft = path.with_name(f".{FILE}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(access), file)
    draft.replace(path)
