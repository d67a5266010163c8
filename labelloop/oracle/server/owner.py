"""The owner's account, the only one that the server makes by itself."""

from argilla_server.contexts import accounts
from argilla_server.database import AsyncSessionLocal
from argilla_server.enums import UserRole
from argilla_server.models import User

from labelloop.oracle.server.secrets import Credentials


async def ensure_owner(login: Credentials) -> None:
    """Make the owner's account, or give it the login of the secrets file where the API keys differ."""
    async with AsyncSessionLocal() as session:
        owner = await User.get_by(session, username=login.username)
        if owner is not None and owner.api_key == login.api_key:
            return
        secret = {"api_key": login.api_key, "password_hash": accounts.hash_password(login.password)}
        if owner is None:
            await User.create(
                session, first_name=login.username, username=login.username, role=UserRole.owner, **secret
            )
        else:
            await owner.update(session, role=UserRole.owner, **secret)
