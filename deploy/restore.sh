#!/bin/sh
# Makes the volumes of docker-compose.yml from a folder that deploy/backup.sh wrote; docs/deploy.md says more.
# Usage: deploy/restore.sh FOLDER [--without-argilla]
# Then start everything: docker compose up -d --wait. It never replaces a volume. With --without-argilla,
# Argilla begins empty and gets records and answers from the log; people get new passwords.
set -eu
[ $# = 1 ] || [ "$*" = "${1:-} --without-argilla" ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
env=.env
[ -e "$env" ] || env=$folder/env
project=${COMPOSE_PROJECT_NAME:-$(sed -n 's/^COMPOSE_PROJECT_NAME=//p' "$env")}
project=${project:-labelloop}
volumes='kafka_data store postgres_data'
[ $# = 1 ] || volumes='kafka_data store'

(cd "$folder" && sha256sum --check --quiet SHA256SUMS) ||
    { echo "$folder is not as it was written: use another backup; nothing was restored" >&2; exit 1; }
there=$(docker volume ls --quiet --filter "label=com.docker.compose.project=$project")
[ -z "$there" ] || {
    echo "there are volumes of $project already:" $there >&2
    echo "nothing was restored; \`docker compose down --volumes\` deletes them" >&2
    exit 1
}
if [ ! -e .env ]; then
    (umask 077 && cp "$folder/env" .env)
elif [ "$(grep PASSWORD= .env)" != "$(grep PASSWORD= "$folder/env")" ]; then
    echo "the passwords in .env are others than those of the backup: put $folder/env in its place" >&2
    exit 1
fi

for name in $volumes; do
    [ -e "$folder/$name.tar" ] || continue
    docker volume create --label "com.docker.compose.project=$project" \
        --label "com.docker.compose.volume=$name" "${project}_$name" >/dev/null
    docker run --rm --interactive --network none --volume "${project}_$name:/to" debian:bookworm-slim \
        tar -C /to --sparse --numeric-owner -xpf - <"$folder/$name.tar"
    echo "restored: $name"
done
case $volumes in
*postgres_data*)
    # The search index is not in the backup.
    docker compose up --detach --wait argilla
    docker compose exec --no-TTY argilla python -m argilla_server search-engine reindex || {
        echo "the volumes are restored, but Argilla's search index could not be made, as on a disk that is nearly" >&2
        echo "full: then make room, and run this again:" >&2
        echo "docker compose exec argilla python -m argilla_server search-engine reindex" >&2
        exit 1
    }
    ;;
esac
echo "restored from $folder; start everything: docker compose up -d --wait"
