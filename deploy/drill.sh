#!/bin/sh
# Proves that a backup can be restored: backs up, restores the copy beside what is there, and compares each
# project's log event by event and its texts and models byte by byte. Nothing that is there is changed.
# Usage: deploy/drill.sh [FOLDER]
# FOLDER: a backup that is there already, to prove that one. Kafka has to run; the copy needs 1 GB of memory.
set -eu
[ $# -le 1 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
[ $# = 0 ] || backup=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
project=${COMPOSE_PROJECT_NAME:-$(sed -n 's/^COMPOSE_PROJECT_NAME=//p' .env)}
project=${project:-labelloop}
copy=$project-drill
work=$(mktemp -d)
beside() { COMPOSE_PROJECT_NAME=$copy "$@"; }
cli() { docker compose run --rm --no-deps --no-TTY cli "$@"; }
clean() {
    beside docker compose down --volumes >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM

cli list --json >"$work/list"
grep -o '"project": "[^"]*"' "$work/list" | cut -d'"' -f4 >"$work/projects"
[ -s "$work/projects" ] || { echo "there is no project to compare" >&2; exit 1; }
if [ -z "${backup:-}" ]; then
    backup=$work/backup
    while read -r project; do
        cli replay --project "$project" </dev/null | sed -n 's/^log  *//p' >"$work/$project"
    done <"$work/projects"
    deploy/backup.sh "$backup"
fi

beside deploy/restore.sh "$backup" --without-argilla
beside docker compose up --detach --wait kafka
while read -r project; do
    if [ -s "$work/$project" ]; then
        beside cli replay --project "$project" --verify --expect "$(cat "$work/$project")" </dev/null
    else
        # An older backup has a beginning of what the log holds now.
        beside cli replay --project "$project" --verify </dev/null | tee "$work/said"
        cli replay --project "$project" --verify --expect "$(sed -n 's/^log  *//p' "$work/said")" </dev/null
    fi
done <"$work/projects"
echo "the backup can be restored"
