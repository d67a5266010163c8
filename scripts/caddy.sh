#!/bin/sh
# Fetches Debian's Caddy for the test of the proxy into .caddy/ unless there is one. It is not installed: the
# package would start a web server on this machine. Where it cannot be fetched, says so: the test then skips.
set -u
cd "$(dirname "$0")/.." || exit 1

command -v caddy >/dev/null 2>&1 && exit 0
[ -x .caddy/usr/bin/caddy ] && exit 0
mkdir -p .caddy && cd .caddy || exit 1
if apt-get -qq download caddy >/dev/null 2>&1 && dpkg-deb -x caddy_*.deb .; then
    rm caddy_*.deb
    exit 0
fi
echo "No Caddy: the test of the TLS proxy will skip."
