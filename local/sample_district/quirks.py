"""What real servers do that the standard does not say; each can be switched on by itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quirks:
    """How the sample server misbehaves; the default is a server as it should be."""

    cap_limit: int | None = None
    """Serve at most this many rows, whatever ``limit`` says, without a word (Ed-Fi: 500)."""
    send_total: bool = True
    """Send ``X-Total-Count``."""
    send_link: bool = True
    """Send ``Link`` headers."""
    wrong_total: int = 0
    """Be off by this much in ``X-Total-Count``."""
    too_many_requests_every: int | None = None
    """Answer 429 to every so-manieth request."""
    server_error_every: int | None = None
    """Answer 503 to every so-manieth request."""
    retry_after: str = "0"
    """What ``Retry-After`` says on 429 and 503."""
    drop_connection_at: tuple[str, int] | None = None
    """Cut the connection once, half-way through this page (from 1) of this collection."""
    missing_envelope: str | None = None
    """Answer 200 for this collection, without its key."""
    wrong_envelope: bool = False
    """Call users ``students``, orgs ``schools``, sessions ``terms``."""
    error_in_success: str | None = None
    """Answer 200 for this collection, with an error in the body."""
    html: bool = False
    """Answer a login page, 200."""
    ignore_offset: bool = False
    """Serve the first page for every offset."""
    reject_sort: bool = False
    """Answer 400 where ``sort`` is given."""
    max_limit: int | None = None
    """Answer 400 where ``limit`` is above this."""
    page_error: tuple[str, int, int] | None = None
    """Answer this status for this page (from 1) of this collection, every time."""
    token_placement: str = "either"
    """Where the client secret must be: ``basic``, ``body`` or ``either`` (PowerSchool: body)."""
    token_path: str = "/token"
    """Path and query of the token endpoint (Infinite Campus: a query that must be kept)."""
    latency_seconds: float = 0
    """Wait so long before each answer."""
    delete_while_paging: tuple[str, int, str] | None = None
    """Once this page of this collection was served, delete this record of it."""
    redirect: bool = False
    """Redirect every request elsewhere."""
    bad_users: tuple[str, ...] = ()
    """Give these users a role that does not exist."""
