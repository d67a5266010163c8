#!/bin/sh
# Installs Debian packages where that needs no password; else says why not and fails.
# Usage: scripts/apt.sh PACKAGE...
set -u

if ! command -v apt-get >/dev/null 2>&1; then
    echo "there is no apt-get here" >&2
    exit 1
elif [ "$(id -u)" -eq 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "this needs root (or sudo without a password): apt-get install $*" >&2
    exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" </dev/null >>"$log" 2>&1; }

echo "Installing $* by apt-get ..."
apt update && apt install --yes --no-install-recommends "$@" && exit 0
echo "apt-get install $* failed: $(grep '^E:' "$log" | head -n 1)" >&2
exit 1
