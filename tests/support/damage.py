"""What a disk or a person does to a file."""

from pathlib import Path


def change_byte(file: Path, place: int) -> None:
    """Change one byte, at a place from the beginning or (negative) from the end; twice is as before."""
    with file.open("r+b") as content:
        content.seek(place, 0 if place >= 0 else 2)
        (before,) = content.read(1)
        content.seek(-1, 1)
        content.write(bytes([before ^ 1]))
