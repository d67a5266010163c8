"""The ports that `labelloop up` listens on."""

from labelloop.doctor.finding import FAIL, OK, Finding
from labelloop.errors import UserError
from labelloop.home import Home
from labelloop.observe.settings import Observing
from labelloop.supervisor.address import DEFAULT_HOST, DEFAULT_PORT, check_free
from labelloop.supervisor.embedded import Embedded, choose_address
from labelloop.supervisor.lock import holder
from labelloop.supervisor.plan import SERVICES


def check_ports(home: Home | None, has_embedded_argilla: bool) -> list[Finding]:
    """Whether they are free, unless the home is being served."""
    pid = holder(home.run) if home is not None else None
    if pid is not None:
        return [Finding("ports", OK, f"in use by this home's own services (process {pid})")]
    try:
        wanted = _wanted(home, has_embedded_argilla)
    except UserError as error:
        return [Finding("ports", FAIL, str(error))]
    taken = [Finding("ports", FAIL, said) for host, port in wanted if (said := _refusal(host, port))]
    if taken:
        return taken
    free = ", ".join(str(port) for _, port in wanted)
    return [Finding("ports", OK, f"free: {free}" if free else "none is needed")]


def _wanted(home: Home | None, has_embedded_argilla: bool) -> list[tuple[str, int]]:
    observing = Observing.from_environment()
    wanted = [(observing.host, observing.port + n) for n in range(len(SERVICES))] if observing.port else []
    if has_embedded_argilla:
        address = choose_address(home, None, None) if home else Embedded(DEFAULT_HOST, DEFAULT_PORT)
        wanted.insert(0, (address.host, address.port))
    return wanted


def _refusal(host: str, port: int) -> str | None:
    """Why it cannot be listened on; None where it can."""
    try:
        check_free(host, port)
    except UserError as error:
        return str(error)
    return None
