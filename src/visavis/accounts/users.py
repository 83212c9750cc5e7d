"""People who use the console: made with a password, signed in for some hours, revoked."""

from __future__ import annotations

import secrets
from typing import Final

from visavis.accounts.applications import MAX_NAME
from visavis.accounts.credentials import hash_secret, secret_fits
from visavis.errors import InvalidRequest, NotAuthenticated, NotFound
from visavis.records import User
from visavis.store import users
from visavis.store.database import Transaction

SESSION_S: Final = 12 * 3600

# A wrong name must take as long as a wrong password.
_NO_PASSWORD = hash_secret(secrets.token_urlsafe(24))


async def create_user(db: Transaction, *, name: str, organization: str | None) -> tuple[User, str]:
    """Make a user and a password, which is shown this one time. ``organization`` None: an operator, who sees all.

    Raises:
        InvalidRequest: the name is empty, too long, not printable or taken.
        NotFound: there is no such organisation.
    """
    if not _is_name(name):
        raise InvalidRequest(f"The user's name must have 1 to {MAX_NAME} printable characters.")
    # Nobody can choose a password: it is 192 random bits of ours, which no list of words has and no guessing reaches.
    # So its plain SHA-256 is as good to keep as those of applications' secrets.
    password = secrets.token_urlsafe(24)
    user = None
    if organization is None or _is_name(organization):
        user = await users.add(db, name=name, organization=organization, password_hash=hash_secret(password))
    if user is None:
        raise NotFound(
            f"There is no organisation named {organization}; it comes into being with its first application."
        )
    return user, password


async def sign_in_user(db: Transaction, name: str, password: str) -> tuple[User, str]:
    """The user whom a name and password belong to, and the token of a session that lasts SESSION_S.

    Raises:
        NotAuthenticated: the name is unknown or the password wrong; the message does not say which.
    """
    found = await users.by_name_with_hash(db, name) if _is_name(name) else None
    user, stored = found if found is not None else (None, _NO_PASSWORD)
    if not secret_fits(password, stored) or user is None:
        raise NotAuthenticated("The name or the password is wrong.")
    token = secrets.token_urlsafe(32)
    await users.add_session(db, token_hash=hash_secret(token), user_id=user.id, lasts_s=SESSION_S)
    return user, token


async def user_of_session(db: Transaction, token: str) -> User:
    """The user whose session a token is.

    The rows are looked up each time, so that a revoked user is out at once.

    Raises:
        NotAuthenticated: the token is unknown, its time is over, or its user was revoked.
    """
    user = await users.of_session(db, hash_secret(token))
    if user is None:
        raise NotAuthenticated("The session has ended; sign in again.")
    return user


async def sign_out(db: Transaction, token: str) -> None:
    """End a session; the user's others go on. Nothing happens when it has ended already."""
    await users.remove_session(db, hash_secret(token))


async def revoke_user(db: Transaction, name: str) -> None:
    """End a user's access and all their sessions, at once.

    Raises:
        NotFound: no such user is in force.
    """
    if not _is_name(name) or not await users.revoke(db, name):
        raise NotFound(f"There is no user named {name} in force.")


def _is_name(value: str) -> bool:
    # What is typed into a form may hold characters that the database cannot even be asked about.
    return bool(value.strip()) and len(value) <= MAX_NAME and value.isprintable()
