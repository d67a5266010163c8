"""Argilla: whether it answers, takes the key, and is of the version that labelloop is tested with."""

from datetime import datetime

from labelloop.deployment import ArgillaAccess
from labelloop.doctor.finding import FAIL, OK, WARN, Finding
from labelloop.doctor.requirements import fits, release
from labelloop.doctor.software import requirements
from labelloop.errors import Unavailable, UserError
from labelloop.oracle.argilla import Argilla
from labelloop.supervisor.access import check

SERVER = "argilla-server"


async def check_argilla(access: ArgillaAccess) -> tuple[Finding, datetime | None]:
    """And what time it is there; None when it does not say."""
    try:
        async with Argilla(access.url, access.key, access.headers) as argilla:
            await check(argilla, access.url)
            about = await argilla.about()
    except (UserError, Unavailable) as error:
        return Finding("argilla", FAIL, str(error)), None
    tested = next((each.bounds for each in requirements() if each.name == SERVER), "")
    return judge_version(access.url, about.version, tested), about.time


def judge_version(url: str, version: str, tested: str) -> Finding:
    """`tested` as `==2.8.0`: what counts is its first two numbers."""
    wanted = release(tested.removeprefix("=="))
    if fits(release(version), f"=={wanted}"):
        return Finding("argilla", OK, f"{version} at {url}")
    return Finding(
        "argilla",
        WARN,
        f"Argilla {version} at {url}, and labelloop is tested with {wanted}: use that version",
    )
