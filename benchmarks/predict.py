"""A million texts for `labelloop predict`: `python -m benchmarks.predict`.

Seconds, rows a second and memory of the whole command, killed with -9 in the middle and started again. With a
tiny model, of which the plumbing is most of the work, and with the bundled one on fewer texts.
"""

import argparse
import csv
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from random import Random

import psutil

from benchmarks.memory import Memory
from benchmarks.report import comparison, publish
from labelloop.learner.base_model import BUNDLED
from labelloop.learner.requests import SCORED_AT_A_TIME
from labelloop.pool.bundled import bundled
from labelloop.pool.prepare import clean_pool
from labelloop.pool.sources import load
from schemas.parts import BaseModelChoice
from tests.support.command import LABELLOOP
from tests.support.tiny_bert import TINY
from tests.support.trained_home import trained_home

BATCH = 40
KILLED_AT = 0.4


def write_mail(file: Path, count: int) -> None:
    """So many different texts, beside columns of the user's own."""
    texts = [row.text for row in clean_pool(load(str(bundled("questions").pool))).rows]
    random = Random(0)
    with file.open("w", encoding="utf-8", newline="") as content:
        writer = csv.writer(content)
        writer.writerow(["id", "body", "note"])
        for number in range(count):
            writer.writerow([number, f"{random.choice(texts)} {random.choice(texts)} {number}", "a, b\nc"])


def measured(folder: Path, model: str, count: int) -> dict[str, str]:
    """One prediction of so many texts, killed once."""
    rows = clean_pool(load(str(bundled("questions").pool))).rows
    home = trained_home(folder / "home", rows, BATCH, model=BaseModelChoice(name=model))
    write_mail(folder / "mail.csv", count)
    output = folder / "out.csv"
    command = [*LABELLOOP, "predict", folder / "mail.csv", "--text-column", "body", "--home", home]
    command += ["--output", output]
    scores = folder / "out.csv.unfinished" / "scores"
    chunks = -(-count // SCORED_AT_A_TIME)

    began = time.perf_counter()
    first = psutil.Popen(list(map(str, command)))
    memory = Memory(first, itself=True)
    while len(list(scores.glob("*.npy"))) < KILLED_AT * chunks:
        time.sleep(0.2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    killed = time.perf_counter() - began
    chunks_kept = len(list(scores.glob("*.npy")))
    again = time.perf_counter()
    second = psutil.Popen(list(map(str, command)), stdout=subprocess.PIPE)
    later = Memory(second, itself=True)
    second.communicate()
    seconds = killed + time.perf_counter() - again
    with output.open(encoding="utf-8", newline="") as content:
        ids = [int(row["id"]) for row in csv.DictReader(content)]
    return {
        "texts": f"{count:,}",
        "killed with -9 after": f"{killed:.0f} s, {chunks_kept} of {chunks} chunks scored",
        "both runs": f"{seconds:.0f} s, {count / seconds:,.0f} texts a second",
        "private memory of all its processes, at most": f"{max(memory.taken(), later.taken()) / 1e6:,.0f} MB",
        "rows lost or there twice": "none" if ids == list(range(count)) else "**some**",
    }


def main() -> None:
    """Parse the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=int, default=1_000_000, help="for the tiny model")
    parser.add_argument("--bundled-texts", type=int, default=20_000, help="for the bundled model")
    options = parser.parse_args()
    columns = {}
    sizes = {str(TINY): options.texts, BUNDLED: options.bundled_texts}
    for name, model in (("a tiny model", str(TINY)), ("all-MiniLM-L6-v2", BUNDLED)):
        with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
            columns[name] = measured(Path(folder), model, sizes[model])
        publish("predict", comparison("`labelloop predict` on a CSV file, classifier `linear`", columns))


if __name__ == "__main__":
    main()
