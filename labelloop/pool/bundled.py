"""The data sets that come with labelloop."""

from dataclasses import dataclass
from pathlib import Path

from labelloop.errors import UserError

FOLDER = Path(__file__).resolve().parents[1] / "data"
DESCRIPTIONS = {
    "questions": "questions in the six coarse classes of TREC: abbreviation, description, entity, human, "
    "location, number",
    "topics": "the same questions with the topics that each touches, none or several: arts, business, food, "
    "geography, health, history, language, science, sport, technology",
}


@dataclass(frozen=True, slots=True)
class Bundled:
    """JSON Lines files with the column `text`, and `label` or (lists) `labels`, and their description."""

    pool: Path
    test: Path
    description: str


def bundled(name: str) -> Bundled:
    """A bundled data set by its name. Raises `UserError`."""
    if name not in DESCRIPTIONS:
        raise UserError(f"no bundled data set {name!r}; choose from: {', '.join(DESCRIPTIONS)}")
    folder = FOLDER / name
    return Bundled(folder / "pool.jsonl", folder / "test.jsonl", DESCRIPTIONS[name])
