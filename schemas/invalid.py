"""Describe what is wrong with a value, in one sentence."""

from pydantic import ValidationError

BEGINNING = "Input should "
ABOUT_ALL = "it"


class Invalid(ValueError):
    """A value that must not be written, or bytes that are not a valid value of the type."""


def sentence(error: ValidationError) -> str:
    """A sentence with every place where the value is wrong, and why."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    reasons = [_reason(_path(each["loc"]), each["type"], each["msg"]) for each in errors]
    *others, last = dict.fromkeys(reasons)
    return f"{', '.join(others)}, and {last}" if others else last


def _path(places: tuple[int | str, ...]) -> str:
    path = "".join(f"[{place}]" if isinstance(place, int) else f".{place}" for place in places)
    return path.removeprefix(".")


def _reason(path: str, kind: str, message: str) -> str:
    if kind == "json_invalid":
        return message.replace("Invalid JSON", "it is no JSON", 1)
    if kind.startswith("missing"):
        return f"{path} is missing"
    if message.startswith(BEGINNING):
        return f"{path or ABOUT_ALL} should {message.removeprefix(BEGINNING)}"
    return f"{path or ABOUT_ALL}: {message}"
