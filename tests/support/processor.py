"""Which processor this is, as far as it decides what floating-point arithmetic comes to."""

import platform
from pathlib import Path

FACTS = ("vendor_id", "cpu family", "model", "stepping")
ARITHMETIC = ("sse", "avx", "fma", "amx", "f16c", "asimd", "sve", "bf16", "i8mm")


def processor() -> dict[str, str]:
    """Machine and kind of the processor, and those of its instructions that calculate."""
    description = {"machine": platform.machine()}
    for line in _first(Path("/proc/cpuinfo")):
        name, _, value = (part.strip() for part in line.partition(":"))
        if name in FACTS:
            description[name] = value
        elif name in ("flags", "Features"):
            description["instructions"] = " ".join(
                sorted(f for f in value.split() if f.startswith(ARITHMETIC))
            )
    return description


def _first(path: Path) -> list[str]:
    """The lines about the first processor; none where the system tells nothing so."""
    return path.read_text(encoding="utf-8").split("\n\n")[0].splitlines() if path.is_file() else []
