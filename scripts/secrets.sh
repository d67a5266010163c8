#!/bin/sh
# Writes the passwords and keys that docker-compose.yml needs into .env, and which of what can be left out
# runs (the evaluator, the dashboard); what stands there already stays.
# Usage: scripts/secrets.sh
set -eu
cd "$(dirname "$0")/.."

file=.env
umask 077
touch "$file"
chmod 600 "$file"

secret() { LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40; }

made=
for name in LABELLOOP_ARGILLA_KEY ARGILLA_PASSWORD ARGILLA_AUTH_SECRET_KEY POSTGRES_PASSWORD ELASTIC_PASSWORD \
    REDIS_PASSWORD KAFKA_PASSWORD LABELLOOP_DASHBOARD_TOKEN; do
    grep -q "^$name=." "$file" && continue
    # A file that was edited may lack its last newline.
    [ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
    echo "$name=$(secret)" >>"$file"
    made="$made $name"
done

if ! grep -q '^COMPOSE_PROFILES=' "$file"; then
    [ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
    echo COMPOSE_PROFILES=evaluator,dashboard >>"$file"
fi

if [ -n "$made" ]; then
    echo "written to .env:$made"
else
    echo ".env holds all secrets already, and is left as it is"
fi
echo "the dashboard's token is LABELLOOP_DASHBOARD_TOKEN in .env: http://127.0.0.1:6910/login?token=…"
echo "Argilla's owner is the user owner; the password is ARGILLA_PASSWORD in .env"
