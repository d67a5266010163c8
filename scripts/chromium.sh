#!/bin/sh
# Installs Debian's Chromium for the browser tests unless there is one; where it may not, says so and
# lets them skip (in CI they fail).
cd "$(dirname "$0")" || exit 1

for name in ${LABELLOOP_CHROMIUM:-chromium chromium-browser google-chrome}; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
./apt.sh chromium || echo "No Chromium: the browser tests will not run." >&2
