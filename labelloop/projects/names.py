"""Names and ids of projects."""

import re
import secrets
import unicodedata
from pathlib import Path

LONGEST = 60


def default_name(dataset: str) -> str:
    """A project's name from that of its data set: `mail` from `data/mail.csv`, `trec` from `SetFit/TREC`."""
    return Path(dataset).expanduser().absolute().stem if dataset in (".", "..", "~") else Path(dataset).stem


def new_id(name: str) -> str:
    """The name as letters, digits and dashes, with a random suffix: another one each time."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
    return f"{slug or 'project'}-{secrets.token_hex(3)}"
