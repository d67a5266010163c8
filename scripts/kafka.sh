#!/bin/sh
# Fetches a real Apache Kafka for the tests into .kafka/ unless one is named by KAFKA_BOOTSTRAP; installs Java
# and Maven from Debian's packages where it may. Where it cannot, says so: the tests then use a container
# engine, or skip (in CI they fail).
set -u
cd "$(dirname "$0")/.." || exit 1

pom=tests/support/kafka/pom.xml
libs=.kafka/libs
stamp=.kafka/.fetched
wanted=$(cksum <"$pom")

if [ -n "${KAFKA_BOOTSTRAP:-}" ]; then exit 0; fi

java_is_there() { command -v java >/dev/null 2>&1 && java --version 2>/dev/null | grep -Eq '^openjdk (1[7-9]|2[0-9])|^java (1[7-9]|2[0-9])'; }

java_is_there || scripts/apt.sh openjdk-17-jre-headless || {
    echo "No Java 17 or newer: the tests on Kafka need KAFKA_BOOTSTRAP or a container engine." >&2
    exit 0
}
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit 0
command -v mvn >/dev/null 2>&1 || scripts/apt.sh maven || {
    echo "No Maven to fetch Kafka with: the tests on Kafka need KAFKA_BOOTSTRAP or a container engine." >&2
    exit 0
}
echo "Fetching Apache Kafka into .kafka, about 45 MB ..."
rm -rf .kafka
mvn --batch-mode --quiet -f "$pom" dependency:copy-dependencies -DoutputDirectory="$PWD/$libs" </dev/null &&
    echo "$wanted" >"$stamp" && exit 0
echo "Kafka could not be fetched, see above: the tests on Kafka will not run." >&2
