"""The store: whether it can be opened."""

from labelloop.doctor.finding import FAIL, OK, WARN, Finding
from labelloop.errors import UserError
from labelloop.places import Places
from labelloop.store import open_store
from labelloop.store.opening import without_credentials


def check_store(places: Places) -> list[Finding]:
    """By its address and settings; the network is not asked."""
    if places.known_store is None:
        return [
            Finding("store", WARN, f"that of {places.log} is not known: give --store, or set LABELLOOP_STORE")
        ]
    try:
        open_store(places.known_store)
    except UserError as error:
        return [Finding("store", FAIL, str(error))]
    return [Finding("store", OK, without_credentials(places.known_store))]
