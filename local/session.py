"""A person's session with the local stack: signed in once, refreshed after an hour.

It is stored in ``session.json`` beside the stack's ``stack.json``, readable by its owner only.
"""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from botocore.exceptions import ClientError

from local.private_file import read_private, write_private
from local.stack import Stack, authenticate

FILE = "session.json"
# Refresh a little early: a token must not expire while a request is on its way.
EARLY_SECONDS = 60


@dataclass(frozen=True)
class Session:
    """A session.

    ``client_id``: the user pool client that issued the tokens.
    ``username``: who is signed in.
    ``id_token``, ``refresh_token``: the tokens.
    ``until``: when the ID token expires, in epoch seconds.
    """

    client_id: str
    username: str
    id_token: str
    refresh_token: str
    until: float

    @classmethod
    def read(cls, stack: Stack) -> Self | None:
        """Read the session with this stack; None without one."""
        found = read_private(_file(stack), cls)
        return found if found and found.client_id == stack.user_pool_client_id else None

    def write(self, stack: Stack) -> None:
        """Store it, readable by its owner only."""
        write_private(_file(stack), asdict(self))


def sign_in(stack: Stack) -> tuple[Session, str]:
    """Sign the stack's admin in by password; returns the session and the call it took, in words."""
    tokens = authenticate(
        stack,
        "USER_PASSWORD_AUTH",
        USERNAME=stack.admin_username,
        PASSWORD=stack.admin_password,
    )
    session = _session(stack, tokens, tokens["RefreshToken"])
    return session, _said(stack, "USER_PASSWORD_AUTH")


def session_of(stack: Stack) -> tuple[Session, str]:
    """Return the stored session, refreshed if needed, or a new one; and the call it took, or ""."""
    session = Session.read(stack)
    if session is None:
        return sign_in(stack)
    if time.time() < session.until - EARLY_SECONDS:
        return session, ""
    try:
        tokens = authenticate(stack, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=session.refresh_token)
    except ClientError:
        # Refused: the refresh token has expired or was revoked.
        return sign_in(stack)
    # Cognito gives no new refresh token for an old one.
    refreshed = _session(stack, tokens, session.refresh_token)
    return refreshed, _said(stack, "REFRESH_TOKEN_AUTH")


def _session(stack: Stack, tokens: dict[str, Any], refresh_token: str) -> Session:
    session = Session(
        client_id=stack.user_pool_client_id,
        username=stack.admin_username,
        id_token=tokens["IdToken"],
        refresh_token=refresh_token,
        until=time.time() + tokens["ExpiresIn"],
    )
    session.write(stack)
    return session


def _said(stack: Stack, flow: str) -> str:
    return f"POST {stack.endpoint_url}/ InitiateAuth, {flow} of {stack.admin_username}"


def _file(stack: Stack) -> Path:
    return Path(stack.folder) / FILE
