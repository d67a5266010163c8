"""What a server says of itself."""

from email.utils import parsedate_to_datetime

from labelloop.errors import UserError
from labelloop.oracle.argilla.errors import Missing, NotArgilla
from labelloop.oracle.argilla.models import About
from labelloop.oracle.argilla.transport import Transport


async def about(transport: Transport) -> About:
    answer = await transport.answer("GET", "version")
    try:
        version = str(transport.content(answer)["version"])
    except (Missing, NotArgilla, KeyError, TypeError) as error:
        raise UserError(f"{transport.url} does not say which Argilla it is; check the address") from error
    date = answer.headers.get("Date")
    return About(version, parsedate_to_datetime(date) if date else None)
