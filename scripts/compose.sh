#!/bin/sh
# Installs Docker Compose 2 from the distribution's packages, where they have it, unless it is there: the tests
# let it read the compose files, which needs no engine. Where it may not, says so and lets them skip.
cd "$(dirname "$0")" || exit 1

docker compose version >/dev/null 2>&1 && exit 0
docker-compose version --short 2>/dev/null | grep -Eq '^v?([2-9]|[1-9][0-9])\.' && exit 0
package=$(apt-cache policy docker-compose-v2 docker-compose-plugin docker-compose 2>/dev/null |
    awk '/^docker/ { name = $1 } /Candidate: (1:)?([2-9]|[1-9][0-9])\./ { sub(":", "", name); print name; exit }')
if [ -n "$package" ] && ./apt.sh "$package"; then exit 0; fi
echo "No Docker Compose 2: the tests that let it read the compose files will skip."
