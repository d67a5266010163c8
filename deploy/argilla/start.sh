#!/bin/bash
# As the image's own start script, which would write the owner's key into the container's log.
set -euo pipefail

python -m argilla_server database migrate
python -m argilla_server database users create --role owner --first-name "$USERNAME" --username "$USERNAME" \
    --password "$PASSWORD" --api-key "$API_KEY" >/dev/null
exec python -m uvicorn "${UVICORN_APP:-argilla_server:app}" --host 0.0.0.0 --port 6900
