"""`python -m schemas.generate` writes the generated documents; `--check` says whether they are fresh."""

import argparse
import json
import sys
from pathlib import Path

from schemas.documents import documents

FOLDER = Path(__file__).parent / "generated"


def rendered() -> dict[str, str]:
    """The text of every generated file by its name."""
    return {
        name: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in documents().items()
    }


def stale(folder: Path = FOLDER) -> list[str]:
    """The files that are missing, differ from what would be written, or should not be there."""
    wanted = rendered()
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | written.keys() if wanted.get(name) != written.get(name))


def write(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        path.unlink()
    for name, text in rendered().items():
        (folder / name).write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when files are stale")
    if not parser.parse_args().check:
        write()
        return 0
    names = stale()
    if names:
        print(f"stale: {', '.join(names)}; run `python -m schemas.generate`", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
