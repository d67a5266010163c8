"""The secrets of simulated annotators, which are never given on the command line."""

from collections.abc import Mapping
from pathlib import Path

from labelloop.errors import UserError

KEYS_VARIABLE = "LABELLOOP_ANNOTATOR_KEYS"


def api_keys(file: Path | None, environment: Mapping[str, str]) -> list[str]:
    """One API key per annotator, from a file (one per line, mode 0600) or the environment (with commas)."""
    text = _private(file) if file else environment.get(KEYS_VARIABLE, "").replace(",", " ")
    keys = list(dict.fromkeys(text.split()))
    if not keys:
        raise UserError(f"there is no annotator's API key; give a file with --keys, or set {KEYS_VARIABLE}")
    return keys


def _private(file: Path) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise UserError(f"{file} can be read by others; run chmod 600 {file}")
        return file.read_text()
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}; give the annotators' keys there") from error
