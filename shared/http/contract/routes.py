"""Every route of the API: what it takes, and what it answers."""

from dataclasses import dataclass

from pydantic import BaseModel

from shared.domain.group_request import GroupInput
from shared.domain.requests import (
    CoverImageInput,
    CustomerInput,
    DecisionInput,
    SyncInput,
    UploadInput,
)
from shared.http.contract.answers import (
    Accepted,
    ConnectionTestAnswer,
    CustomerAnswer,
    CustomerPage,
    ErrorsSummary,
    GroupAnswer,
    GroupPage,
    HoldAnswer,
    Message,
    RunAnswer,
    RunPage,
    UploadAnswer,
    UploadForm,
)
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


@dataclass(frozen=True)
class Route:
    """One method of one path.

    ``answers`` are the successes: a model, or None where there is no body.
    ``refuses`` are the statuses of problems, besides those that every route has. ``merges`` says
    that the body is a merge patch of the model.
    """

    method: str
    path: str
    summary: str
    answers: dict[int, type[BaseModel] | None]
    body: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    refuses: tuple[int, ...] = ()
    headers: tuple[str, ...] = ()
    merges: bool = False


PAGED = ("limit", "cursor")
_GROUP = "/groups/{groupId}"
_SYNC = f"{_GROUP}/syncs/{{runId}}"
_ONCE = ("Idempotency-Key",)

ROUTES: tuple[Route, ...] = (
    Route("POST", "/groups", "Add a group; an Auto group's first sync starts with it",
          {201: GroupAnswer}, GroupInput, headers=_ONCE, refuses=(409,)),
    Route("GET", "/groups", "List the groups, each with its last and next run", {200: GroupPage},
          query=PAGED),
    Route("GET", _GROUP, "Read a group", {200: GroupAnswer}),
    Route("PATCH", _GROUP, "Change a group (RFC 7396)", {200: GroupAnswer}, GroupInput,
          headers=("If-Match",), refuses=(409, 412), merges=True),
    Route("DELETE", _GROUP, "Delete a group with its roster, in the background; its name confirms",
          {202: Accepted, 204: None}, query=("name",), refuses=(409, 412)),
    Route("POST", f"{_GROUP}/cover-image", "Get an address to upload a cover image to",
          {200: UploadForm}, CoverImageInput),
    Route("POST", "/customers", "Add a customer", {201: CustomerAnswer}, CustomerInput,
          refuses=(409,)),
    Route("GET", "/customers", "List the customers, each with the group that it is in",
          {200: CustomerPage}, query=PAGED),
    Route("POST", f"{_GROUP}/syncs", "Sync, update, preview or restore", {202: Accepted},
          SyncInput, headers=_ONCE, refuses=(409,)),
    Route("GET", f"{_GROUP}/syncs", "List the runs, newest first", {200: RunPage}, query=PAGED),
    Route("GET", _SYNC, "Read a run", {200: RunAnswer}),
    Route("GET", f"{_SYNC}/errors", "Fetch a run's error report, a CSV file", {303: None}),
    Route("GET", f"{_SYNC}/errors/summary", "Read a run's error report, summed up",
          {200: ErrorsSummary}),
    Route("GET", f"{_SYNC}/changes", "Fetch the list of a run's changes, a CSV file", {303: None}),
    Route("POST", f"{_GROUP}/uploads", "Get an address to upload a bundle to", {201: UploadAnswer},
          UploadInput, refuses=(409,)),
    Route("POST", f"{_GROUP}/connection-tests", "Have the connection tried",
          {202: ConnectionTestAnswer}, refuses=(409,)),
    Route("GET", f"{_GROUP}/connection-tests/{{testId}}", "Read what a test has found",
          {200: ConnectionTestAnswer}),
    Route("DELETE", f"{_GROUP}/roster", "Mark the roster for deletion; the next update plans it",
          {200: GroupAnswer}),
    Route("GET", f"{_GROUP}/hold", "Read what waits for a person", {200: HoldAnswer}),
    Route("GET", f"{_GROUP}/hold/records", "Fetch the list of what waits, a CSV file",
          {303: None}),
    Route("POST", f"{_GROUP}/hold/decisions", "Let what waits happen, or keep what is there",
          {202: Accepted}, DecisionInput, headers=_ONCE, refuses=(409,)),
    Route("GET", f"{_GROUP}/export", "Fetch the roster as a OneRoster 1.2 bundle",
          {202: Message, 303: None}),
    Route("GET", f"{_GROUP}/partners", "List the partners", {200: PartnerPage},
          query=(*PAGED, "sourcedId", "changedSince")),
    Route("GET", f"{_GROUP}/partners/{{id}}", "Read a partner", {200: PartnerAnswer}),
    Route("GET", f"{_GROUP}/classes", "List the classes", {200: ClassPage},
          query=(*PAGED, "sourcedId", "school", "grade", "changedSince", "on", "include")),
    Route("GET", f"{_GROUP}/classes/{{id}}", "Read a class", {200: ClassAnswer}),
    Route("GET", f"{_GROUP}/classes/{{id}}/users", "List who is in a class on a day",
          {200: ClassUserPage}, query=(*PAGED, "role", "grade", "status", "on", "include")),
    Route("GET", f"{_GROUP}/users", "List the users", {200: UserPage},
          query=(*PAGED, "sourcedId", "school", "role", "grade", "status", "changedSince")),
    Route("GET", f"{_GROUP}/users/{{id}}", "Read a user", {200: UserAnswer}),
    Route("GET", f"{_GROUP}/users/{{id}}/classes", "List the classes that a user is in on a day",
          {200: UserClassPage}, query=(*PAGED, "role", "on", "include")),
    Route("GET", f"{_GROUP}/enrollments", "List the enrollments of a day", {200: EnrollmentPage},
          query=(*PAGED, "school", "role", "changedSince", "on", "include")),
    Route("GET", f"{_GROUP}/accesses", "List who has read about people", {200: AccessPage},
          query=PAGED),
    Route("PUT", f"{_GROUP}/classes/{{id}}/contents/{{contentId}}", "Assign content to a class",
          {204: None}),
    Route("DELETE", f"{_GROUP}/classes/{{id}}/contents/{{contentId}}", "Take it from a class",
          {204: None}),
    Route("GET", f"{_GROUP}/classes/{{id}}/contents", "List the content of a class",
          {200: ContentPage}, query=PAGED),
    Route("PUT", f"{_GROUP}/users/{{id}}/contents/{{contentId}}", "Assign content to a user",
          {204: None}),
    Route("DELETE", f"{_GROUP}/users/{{id}}/contents/{{contentId}}", "Take it from a user",
          {204: None}),
    Route("GET", f"{_GROUP}/users/{{id}}/contents", "List a user's own content and its classes'",
          {200: ContentPage}, query=PAGED),
)  # fmt: skip
