"""Deviations of real servers from the standard; each can be switched on separately.

Pages count from 1. "Every n-th request" counts authorized requests for data, not for tokens.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quirks:
    """How the sample server misbehaves; by default it does not."""

    # Pages
    cap_limit: int | None = None
    """Serve at most this many rows, whatever ``limit`` says, without saying so (Ed-Fi: 500)."""
    max_limit: int | None = None
    """Answer 400 if ``limit`` is higher than this."""
    send_total: bool = True
    """Send ``X-Total-Count``."""
    wrong_total: int = 0
    """Add this to ``X-Total-Count``."""
    send_link: bool = True
    """Send ``Link`` headers."""
    link_internal_host: str | None = None
    """Use this host in ``Link``, as servers behind a proxy do: ``http://10.0.0.7:8080``."""
    link_without_brackets: bool = False
    """Send ``Link`` without angle brackets (GG4L)."""
    ignore_offset: bool = False
    """Serve the first page for every offset."""
    reject_sort: bool = False
    """Answer 400 if ``sort`` is given."""
    duplicate_entity: tuple[str, str] | None = None
    """(collection, sourcedId): serve this record twice in a row."""
    delete_while_paging: tuple[str, int, str] | None = None
    """(collection, page, sourcedId): after serving this page, delete this record."""

    # Failures
    too_many_requests_every: int | None = None
    """Answer 429 to every n-th request."""
    server_error_every: int | None = None
    """Answer 503 to every n-th request."""
    retry_after: str = "0"
    """The value of ``Retry-After`` on 429 and 503."""
    retry_after_as_date: bool = False
    """Send it as an HTTP date, that many seconds from now."""
    page_error: tuple[str, int, int] | None = None
    """(collection, page, status): always answer this page with this status."""
    drop_connection_at: tuple[str, int] | None = None
    """(collection, page): cut the connection half-way through this page, once."""
    drop_every_time: bool = False
    """Cut it every time that page is requested."""
    stall_at: tuple[str, int] | None = None
    """(collection, page): stop sending half-way through this page, once, but stay connected."""
    latency_seconds: float = 0
    """Wait this long before each answer."""
    redirect: bool = False
    """Redirect every request elsewhere."""
    no_single_records: int | None = None
    """Serve no record by its id: answer this status to all, and ``{}`` if it is 200."""
    single_records_as: str | None = None
    """Serve no record by its id: answer a ``list`` of all, or a page of ``html``."""
    refuse_in_ids: str = ""
    """Answer 404 if a record's id contains one of these characters, as some proxies do."""
    forbid_after: tuple[str, int] | None = None
    """(collection, requests): after so many requests for its pages, answer 403."""

    # Bodies
    missing_envelope: str | None = None
    """Answer 200 for this collection, without its key."""
    wrong_envelope: bool = False
    """Call users ``students``, orgs ``schools``, sessions ``terms``."""
    error_in_success: str | None = None
    """Answer 200 for this collection, with an error in the body."""
    status_beside_data: bool = False
    """Send a status beside the data of every success (Blackbaud)."""
    empty_object: str | None = None
    """Answer 200 for this collection, with ``{}``."""
    empty_body: str | None = None
    """Answer 200 for this collection, with nothing."""
    html: bool = False
    """Answer a login page, 200."""

    # Entities
    bad_users: tuple[str, ...] = ()
    """Give these users a role that does not exist."""
    enabled_user_as: str | None = None
    """Send ``enabledUser`` as ``bool``, ``text`` or ``int`` in every version."""
    null_terms: bool = False
    """Send ``terms: null``."""
    null_for_absent: bool = False
    """Send null for missing values (Aeries)."""
    empty_dates: bool = False
    """Send enrollments' dates as empty text."""
    refs_without_href: bool = False
    """Send references as ``{"sourcedId": …}`` alone."""
    relative_href: bool = False
    """Send references that begin with ``~/ims/`` (Aeries)."""
    wrong_ref_type: bool = False
    """Send every reference with the type ``user``."""
    role_lists_in_1p1: bool = False
    """Serve users in 1.2 form on the path of 1.1 (ClassLink's proxy)."""

    # Authorization
    signature_methods: frozenset[str] | None = None
    """Accept only these, for example ``HMAC-SHA1``."""
    token_placement: str = "either"
    """Where the client secret must be: ``basic``, ``body`` or ``either`` (PowerSchool: body)."""
    token_path: str = "/token"
    """Path and query of the token endpoint (Infinite Campus: a query that must be kept)."""
    token_status: int | None = None
    """Answer this status to every request for a token."""
    token_lifetime_seconds: float | None = None
    """Let tokens expire after this time, earlier than announced."""
    token_serves: int | None = None
    """Let each token expire after this many requests, without saying so."""
    send_expires_in: bool = True
    """Announce how long a token is valid."""
    required_scope: str | None = None
    """Issue tokens only for exactly this scope (Aeries: ``OneRoster``)."""
    session_cookie_required: bool = False
    """Accept only requests with the cookie that came with the token (Aeries)."""
