#!/bin/sh
# Copies the log, the store and Argilla's database of docker-compose.yml to a new folder; docs/deploy.md says more.
# Usage: deploy/backup.sh FOLDER
# What runs goes on (hot): Kafka and PostgreSQL only stand still while their volumes are copied. After
# `docker compose down` it copies in the same way (cold).
set -eu
[ $# = 1 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$(dirname "$1")"
folder=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")/.."
project=${COMPOSE_PROJECT_NAME:-$(sed -n 's/^COMPOSE_PROJECT_NAME=//p' .env)}
project=${project:-labelloop}
[ ! -e "$folder" ] || { echo "$folder is there already: give a new folder" >&2; exit 1; }

umask 077
draft=$folder.part
rm -rf "$draft"
mkdir "$draft"
paused=
clean() {
    [ -z "$paused" ] || docker compose unpause "$paused" >/dev/null 2>&1
    rm -rf "$draft"
}
trap clean EXIT
trap 'exit 1' INT TERM

copy() { # VOLUME [SERVICE that writes into it]
    volume=$(docker volume ls --quiet --filter "label=com.docker.compose.project=$project" \
        --filter "label=com.docker.compose.volume=$1")
    [ -n "$volume" ] || { echo "not here: the volume $1"; return; }
    if [ $# = 2 ] && [ -n "$(docker compose ps --quiet --status running "$2")" ]; then
        paused=$2
        docker compose pause "$2" >/dev/null 2>&1
    fi
    # tar says 1 where a file went away meanwhile: a model that was superseded.
    docker run --rm --network none --volume "$volume:/from:ro" debian:bookworm-slim \
        sh -c 'tar -C /from --sparse --numeric-owner -cf - . || [ $? = 1 ]' >"$draft/$1.tar"
    [ -z "$paused" ] || docker compose unpause "$paused" >/dev/null 2>&1
    paused=
    echo "copied: $1"
}

# In this order: the store holds what the log names, and Argilla's answers are at least as new as the log's.
copy kafka_data kafka
[ -e "$draft/kafka_data.tar" ] || { echo "there is no log to copy: start it, or set COMPOSE_PROJECT_NAME" >&2; exit 1; }
copy store
copy postgres_data postgres
cp .env "$draft/env"
(cd "$draft" && sha256sum -- * >SHA256SUMS)
sync
mv "$draft" "$folder"
echo "backed up to $folder"
