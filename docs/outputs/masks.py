"""What is another at each run, hidden, so that the rest can be compared. Pure."""

import re

HEX = "[0-9a-f]"
MASKS = (
    (re.compile(rf"\b{HEX}{{8}}(-{HEX}{{4}}){{3}}-{HEX}{{12}}\b"), "<event>"),
    (re.compile(rf"\b{HEX}{{64}}\b"), "<digest>"),
    (re.compile(rf"\b([a-z][a-z0-9-]*)-{HEX}{{6}}\b"), r"\1-<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b"), "<time>"),
    (re.compile(r"\b\d+\.\d s\b"), "<seconds>"),
    (re.compile(r"\bfree: \d+"), "free: <port>"),
    (re.compile(r"\b[\d,]+\.\d GB free\b"), "<gigabytes>"),
    (re.compile(r"\bPython 3\.\d+\.\d+\b"), "<Python>"),
)


def masked(line: str) -> str:
    for pattern, name in MASKS:
        line = pattern.sub(name, line)
    return line
