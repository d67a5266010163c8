"""The adapter is light: a watcher that uses it must be up in under a second."""

import subprocess
import sys

HEAVY = {
    "torch",
    "transformers",
    "small_text",
    "argilla",
    "argilla_server",
    "datasets",
    "pandas",
    "pyarrow",
    "numpy",
}


def test_the_adapter_imports_nothing_heavy() -> None:
    code = "import sys, labelloop.oracle.argilla; print(*{name.partition('.')[0] for name in sys.modules})"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert "httpx" in loaded.split()
    assert not HEAVY & set(loaded.split())
