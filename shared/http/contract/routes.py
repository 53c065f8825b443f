"""Every route of the API by topic: what it takes, what it answers, and why it refuses."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from shared.domain.group.cover_request import CoverImageInput
from shared.domain.group.customer_request import CustomerChangeInput, CustomerInput
from shared.domain.group.request import GroupInput
from shared.domain.run.decision import DecisionInput, KeptDecisionInput
from shared.domain.run.exception_request import ExceptionInput
from shared.domain.run.sync_request import SyncInput, UploadInput
from shared.http.contract.answers import Accepted, Answer, Message
from shared.http.contract.certificates import CertificateAnswer, CertificatePage
from shared.http.contract.examples import (
    A_DECISION,
    A_GROUP,
    A_GROUP_CHANGE,
    A_KEPT_DECISION,
    AN_EXCEPTION,
)
from shared.http.contract.groups import (
    CustomerAnswer,
    CustomerPage,
    GroupAnswer,
    GroupPage,
    UploadForm,
)
from shared.http.contract.record_exceptions import ExceptionAnswer, ExceptionPage
from shared.http.contract.roster import (
    AccessPage,
    ClassAnswer,
    ClassPage,
    ClassUserPage,
    ContentPage,
    EnrollmentPage,
    PartnerAnswer,
    PartnerPage,
    UserAnswer,
    UserClassPage,
    UserPage,
)
from shared.http.contract.runs import (
    ConnectionTestAnswer,
    ErrorsSummary,
    HoldAnswer,
    KeptRecordsAnswer,
    RunAnswer,
    RunPage,
    UploadAnswer,
)

Refusals = dict[int, tuple[str, ...]]
"""By status, the codes of problems."""


@dataclass(frozen=True)
class Route:
    """One method of one path.

    name: what a generated client calls it (``operationId``): a verb and what it acts on.
    summary: what it does, in one line.
    answers: the successes by status: a model, or None where there is no body.
    body: the model of the request's body, if it takes one.
    query, headers: the names of the parameters that it takes there.
    refuses: the problems of its own; see ``refusals_of``.
    merges: whether the body is a merge patch of the model.
    example: a body to try.
    """

    name: str
    method: str
    path: str
    summary: str
    answers: dict[int, type[Answer] | None]
    body: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    refuses: Refusals = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    merges: bool = False
    example: dict[str, Any] | None = None


EVERYWHERE: Refusals = {
    400: ("refused",),
    401: ("unauthorized",),
    403: ("wrong_token", "not_an_admin", "forbidden"),
    404: ("not_found",),
    409: ("try_later",),
    413: ("refused",),
    415: ("refused",),
    422: ("invalid_fields",),
    429: ("refused",),
    500: ("internal_error",),
    502: ("internal_error",),
    504: ("internal_error",),
}
"""What every route may refuse with."""


def refusals_of(route: Route) -> Refusals:
    """Return a route's problems beyond ``EVERYWHERE``: those of its shape, then its own."""
    found: Refusals = {}
    if route.body is not None:
        found[400] = ("bad_json",)
    if "{groupId}" in route.path:
        found[404] = ("group_not_found",)
    if "{customerId}" in route.path:
        found[404] = ("customer_not_found",)
    if "{runId}" in route.path:
        found[404] += ("run_not_found",)
    if "{id}" in route.path:
        found[404] += ("record_not_found",)
    if "Idempotency-Key" in route.headers:
        found |= {409: ("request_in_progress",), 422: ("idempotency_key_reused",)}
    for status, codes in route.refuses.items():
        found[status] = found.get(status, ()) + codes
    return dict(sorted(found.items()))


PAGED = ("limit", "cursor")
_GROUP = "/groups/{groupId}"
_SYNC = f"{_GROUP}/syncs/{{runId}}"
_CUSTOMER = "/customers/{customerId}"
_ONCE = ("Idempotency-Key",)
_TAKEN = ("name_taken", "client_group_id_taken", "customer_taken")

TOPICS: dict[str, tuple[Route, ...]] = {
    "Groups": (
        Route("createGroup", "POST", "/groups",
              "Add a group; an Auto group's first sync starts with it",
              {201: GroupAnswer}, GroupInput, headers=_ONCE, refuses={409: _TAKEN},
              example=A_GROUP),
        Route("listGroups", "GET", "/groups", "List the groups, each with its last and next run",
              {200: GroupPage}, query=PAGED),
        Route("getGroup", "GET", _GROUP, "Read a group", {200: GroupAnswer}),
        Route("updateGroup", "PATCH", _GROUP,
              "Change a group by a merge patch (RFC 7396)", {200: GroupAnswer},
              GroupInput, headers=("If-Match",), merges=True, example=A_GROUP_CHANGE,
              refuses={409: _TAKEN, 412: ("version_conflict",)}),
        Route("deleteGroup", "DELETE", _GROUP,
              "Delete a group with its roster, in the background; its name confirms",
              {202: Accepted, 204: None}, query=("name",),
              refuses={409: ("name_not_confirmed",), 412: ("version_conflict",)}),
        Route("getDeletionCertificate", "GET", f"{_GROUP}/certificate",
              "Read what the deletion of a group has done", {200: CertificateAnswer},
              refuses={404: ("certificate_not_found",)}),
        Route("listDeletionCertificates", "GET", "/certificates",
              "List what is left of groups that were deleted",
              {200: CertificatePage}, query=PAGED),
        Route("requestCoverImageUpload", "POST", f"{_GROUP}/cover-image",
              "Get an address to upload a cover image to",
              {200: UploadForm}, CoverImageInput),
        Route("deleteCoverImage", "DELETE", f"{_GROUP}/cover-image", "Take the cover image away",
              {200: GroupAnswer}),
        Route("startConnectionTest", "POST", f"{_GROUP}/connection-tests",
              "Have the connection tried",
              {202: ConnectionTestAnswer}, refuses={409: ("nothing_to_test",)}),
        Route("getConnectionTest", "GET", f"{_GROUP}/connection-tests/{{testId}}",
              "Read what a test has found",
              {200: ConnectionTestAnswer}, refuses={404: ("test_not_found",)}),
    ),
    "Customers": (
        Route("createCustomer", "POST", "/customers",
              "Add a customer", {201: CustomerAnswer}, CustomerInput,
              refuses={409: ("customer_exists",)}),
        Route("listCustomers", "GET", "/customers",
              "List the customers, each with the group that it is in",
              {200: CustomerPage}, query=PAGED),
        Route("getCustomer", "GET", _CUSTOMER, "Read a customer", {200: CustomerAnswer}),
        Route("updateCustomer", "PATCH", _CUSTOMER,
              "Rename a customer, or change its org while no group has it",
              {200: CustomerAnswer}, CustomerChangeInput,
              refuses={409: ("customer_in_group",)}),
        Route("deleteCustomer", "DELETE", _CUSTOMER,
              "Remove a customer that no group has", {204: None},
              refuses={409: ("customer_in_group",)}),
    ),
    "Syncs": (
        Route("requestSync", "POST", f"{_GROUP}/syncs",
              "Sync, update, preview or restore", {202: Accepted},
              SyncInput, headers=_ONCE,
              refuses={404: ("run_not_found",),
                       409: ("run_under_way", "upload_needed", "nothing_to_restore",
                             "roster_marked")}),
        Route("requestBundleUpload", "POST", f"{_GROUP}/uploads",
              "Get an address to upload a bundle to",
              {201: UploadAnswer}, UploadInput,
              refuses={409: ("not_a_zip_group", "roster_marked")}),
        Route("listSyncs", "GET", f"{_GROUP}/syncs", "List the runs, newest first", {200: RunPage},
              query=PAGED),
        Route("getSync", "GET", _SYNC, "Read a run", {200: RunAnswer}),
        Route("getErrorReport", "GET", f"{_SYNC}/errors",
              "Fetch a run's error report, a CSV file", {303: None},
              refuses={404: ("no_report",)}),
        Route("getErrorSummary", "GET", f"{_SYNC}/errors/summary",
              "Read a run's error report, summed up",
              {200: ErrorsSummary}, refuses={404: ("no_report",)}),
        Route("getChangeReport", "GET", f"{_SYNC}/changes",
              "Fetch the list of a run's changes, a CSV file",
              {303: None}, refuses={404: ("no_report",)}),
    ),
    "Holds": (
        Route("getRunHeld", "GET", f"{_GROUP}/syncs/{{runId}}/held",
              "Fetch the list of what a run holds, or a preview would hold, a CSV file",
              {303: None}, refuses={404: ("run_not_found", "no_report")}),
        Route("getHold", "GET", f"{_GROUP}/hold", "Read what waits for a person", {200: HoldAnswer},
              refuses={404: ("no_report",)}),
        Route("getHeldRecords", "GET", f"{_GROUP}/hold/records",
              "Fetch the list of what waits, a CSV file",
              {303: None}, refuses={404: ("no_hold", "no_report")}),
        Route("decideHold", "POST", f"{_GROUP}/hold/decisions",
              "Let what waits happen, or keep what is there",
              {202: Accepted}, DecisionInput, headers=_ONCE, example=A_DECISION,
              refuses={409: ("run_under_way", "no_hold", "hold_changed")}),
        Route("getKept", "GET", f"{_GROUP}/kept", "Read what was rejected and is kept",
              {200: KeptRecordsAnswer}, refuses={404: ("no_report",)}),
        Route("getKeptRecords", "GET", f"{_GROUP}/kept/records",
              "Fetch the list of what is kept, a CSV file",
              {303: None}, refuses={404: ("nothing_kept", "no_report")}),
        Route("decideKept", "POST", f"{_GROUP}/kept/decisions",
              "Release what is kept, or let it happen after all",
              {202: Accepted}, KeptDecisionInput, headers=_ONCE, example=A_KEPT_DECISION,
              refuses={409: ("run_under_way", "nothing_kept", "kept_changed")}),
    ),
    "Exceptions": (
        Route("listExceptions", "GET", f"{_GROUP}/exceptions",
              "List what is kept or left out, whatever the source says, with who and why",
              {200: ExceptionPage}, query=PAGED),
        Route("createException", "POST", f"{_GROUP}/exceptions",
              "Keep a record, or leave it out, until a day or for good",
              {200: ExceptionAnswer, 201: ExceptionAnswer}, ExceptionInput, headers=_ONCE,
              example=AN_EXCEPTION, refuses={409: ("too_many_exceptions",)}),
        Route("deleteException", "DELETE", f"{_GROUP}/exceptions/{{exceptionId}}",
              "Do again what the source says of a record", {204: None},
              refuses={404: ("exception_not_found",)}),
    ),
    "Roster": (
        Route("listPartners", "GET", f"{_GROUP}/partners", "List the partners", {200: PartnerPage},
              query=(*PAGED, "sourcedId", "changedSince")),
        Route("getPartner", "GET", f"{_GROUP}/partners/{{id}}",
              "Read a partner", {200: PartnerAnswer}),
        Route("listClasses", "GET", f"{_GROUP}/classes", "List the classes", {200: ClassPage},
              query=(*PAGED, "sourcedId", "school", "grade", "changedSince", "on", "include")),
        Route("getClass", "GET", f"{_GROUP}/classes/{{id}}", "Read a class", {200: ClassAnswer}),
        Route("listClassUsers", "GET", f"{_GROUP}/classes/{{id}}/users",
              "List who is in a class on a day",
              {200: ClassUserPage}, query=(*PAGED, "role", "grade", "status", "on", "include")),
        Route("listUsers", "GET", f"{_GROUP}/users", "List the users", {200: UserPage},
              query=(*PAGED, "sourcedId", "school", "role", "grade", "status", "changedSince")),
        Route("getUser", "GET", f"{_GROUP}/users/{{id}}", "Read a user", {200: UserAnswer}),
        Route("listUserClasses", "GET", f"{_GROUP}/users/{{id}}/classes",
              "List the classes that a user is in on a day", {200: UserClassPage},
              query=(*PAGED, "role", "on", "include")),
        Route("listEnrollments", "GET", f"{_GROUP}/enrollments", "List the enrollments of a day",
              {200: EnrollmentPage},
              query=(*PAGED, "school", "role", "changedSince", "on", "include")),
        Route("exportRoster", "GET", f"{_GROUP}/export",
              "Fetch the roster as a OneRoster 1.2 bundle",
              {202: Message, 303: None}, refuses={404: ("no_roster",)}),
        Route("markRoster", "DELETE", f"{_GROUP}/roster",
              "Mark the roster for deletion; the next update plans it, nothing is loaded till then",
              {200: GroupAnswer}),
        Route("unmarkRoster", "DELETE", f"{_GROUP}/roster/mark",
              "Take the mark back, so that the roster stays", {200: GroupAnswer},
              refuses={409: ("run_under_way", "mark_waits")}),
        Route("listAccesses", "GET", f"{_GROUP}/accesses",
              "List who has read about people", {200: AccessPage},
              query=PAGED),
    ),
    "Content": (
        Route("assignClassContent", "PUT", f"{_GROUP}/classes/{{id}}/contents/{{contentId}}",
              "Assign content to a class", {204: None}),
        Route("unassignClassContent", "DELETE", f"{_GROUP}/classes/{{id}}/contents/{{contentId}}",
              "Take content from a class", {204: None}),
        Route("listClassContents", "GET", f"{_GROUP}/classes/{{id}}/contents",
              "List the content of a class",
              {200: ContentPage}, query=PAGED),
        Route("assignUserContent", "PUT", f"{_GROUP}/users/{{id}}/contents/{{contentId}}",
              "Assign content to a user",
              {204: None}),
        Route("unassignUserContent", "DELETE", f"{_GROUP}/users/{{id}}/contents/{{contentId}}",
              "Take content from a user; what it has from its classes stays", {204: None}),
        Route("listUserContents", "GET", f"{_GROUP}/users/{{id}}/contents",
              "List a user's own content and its classes'", {200: ContentPage}, query=PAGED),
    ),
}  # fmt: skip
"""The routes as a reader looks for them."""

ROUTES = tuple(route for routes in TOPICS.values() for route in routes)
