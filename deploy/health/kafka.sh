#!/bin/bash
# Whether the broker handles requests: asks which ones it knows (ApiVersions, version 0) and awaits the answer.
# Kafka's own tools would start a Java machine for it, every few seconds.
# Usage: kafka.sh [PORT]
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${1:-9094}"
printf '\0\0\0\012\0\022\0\0\0\0\0\1\377\377' >&3
answer=$(timeout 5 head -c 10 <&3 | od -An -v -tx1 | tr -d ' \n') || true
# Four bytes of length, the number of the request, no error.
case $answer in
    ????????000000010000) ;;
    *) echo "the broker answered: ${answer:-nothing}" >&2; exit 1 ;;
esac
