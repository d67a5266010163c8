"""The secrets of simulated annotators, which never stand on a command line."""

import json
from collections.abc import Mapping
from pathlib import Path

from labelloop.errors import UserError

KEYS_VARIABLE = "LABELLOOP_ANNOTATOR_KEYS"
HEADERS_VARIABLE = "LABELLOOP_ARGILLA_HEADERS"


def api_keys(file: Path | None, environment: Mapping[str, str]) -> list[str]:
    """One API key an annotator, from a file (one a line, mode 0600) or the environment (by commas)."""
    text = _private(file) if file else environment.get(KEYS_VARIABLE, "").replace(",", " ")
    keys = list(dict.fromkeys(text.split()))
    if not keys:
        raise UserError(f"there is no annotator's API key; give a file with --keys, or set {KEYS_VARIABLE}")
    return keys


def headers(environment: Mapping[str, str]) -> dict[str, str]:
    """Extra headers for Argilla: a JSON object in the environment."""
    try:
        found = json.loads(environment.get(HEADERS_VARIABLE) or "{}")
        return {str(name): str(value) for name, value in found.items()}
    except (ValueError, AttributeError) as error:
        raise UserError(
            f'{HEADERS_VARIABLE} is not a JSON object such as {{"Authorization": "…"}}'
        ) from error


def _private(file: Path) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise UserError(f"{file} can be read by others; chmod 600 it")
        return file.read_text()
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}; give the annotators' keys there") from error
