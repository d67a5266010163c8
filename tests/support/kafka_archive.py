"""`python -m tests.support.kafka_archive`: have Java archive the broker's classes, unless it has."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.kafka_broker import ARCHIVE, LIBS, START_SECONDS, Broker


def main() -> None:
    if ARCHIVE.exists() or not LIBS.is_dir() or shutil.which("java") is None:
        return
    draft = ARCHIVE.with_suffix(".draft")
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder), java=[f"-XX:ArchiveClassesAtExit={draft}"])
        try:
            broker.start()
            assert broker.process is not None
            broker.process.terminate()
            broker.process.wait(START_SECONDS)
            draft.replace(ARCHIVE)
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            print(f"brokers will start without an archive of their classes: {error}")
        finally:
            broker.kill()


if __name__ == "__main__":
    main()
