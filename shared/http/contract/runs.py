"""What the API answers about runs, uploads, connection tests and what waits for a person."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.domain.group.choices import SyncType
from shared.domain.group.connection_test import ProbeFields
from shared.domain.group.guard import HoldRule
from shared.domain.group.hold import RECORDS_SELECTED, DecisionFields, SelectedRecordFields
from shared.domain.run.counts import CountFields
from shared.domain.run.run import Mode, NoticeFields, ReasonFields, RunState, Trigger
from shared.http.contract.answers import Answer, Entity, Moment, StoredAnswer, listed


class CountsAnswer(CountFields, Answer, complete=True):
    """What became of one kind of record in a run."""


class NoticeAnswer(NoticeFields, Answer, complete=True):
    """Something to know about a run that did not stop it."""


class ReasonAnswer(ReasonFields, Answer, complete=True):
    """Why a run ended as it did."""


class SelectedRecordAnswer(SelectedRecordFields, Answer, complete=True):
    """One record that a decision was about, by its id or its sourcedId."""

    entity: Entity = Field(description="Its kind.")


class DecisionAnswer(DecisionFields, Answer, complete=True):
    """What a person decided about what waited."""

    records: list[SelectedRecordAnswer] | None = Field(description=RECORDS_SELECTED)


class RunAnswer(Answer):
    """A run of a group."""

    run_id: str = Field(description="The run's id: a number that counts the group's runs.")
    mode: Mode = Field(description="What the run may do.")
    trigger: Trigger = Field(description="What started the run.")
    upload_id: str | None = Field(
        description="The id of the upload that the run reads; null if it reads no upload."
    )
    state: RunState = Field(description="Where the run stands, or how it ended.")
    open: bool = Field(description="Whether the run is still under way.")
    progress: dict[str, Any] = Field(
        description="How far an open run is: `stage` (`fetching`, `confirming`, `planning`, "
        "`applying`, `deleting` or a step of the plan), and numbers that go with it, such as "
        "`fetched`, `bytes`, `fetchedBytes`, `batches`, `batchesApplied` and `deleted`. Empty once "
        "the run has ended. New stages and numbers may be added."
    )
    counts: dict[str, CountsAnswer] = Field(
        description="What became of the records, by kind: `partners`, `academicSessions`, "
        "`courses`, `classes`, `users` and `enrollments`. All zero until the run is planned."
    )
    notices: list[NoticeAnswer] = Field(description="What to know about the run.")
    reason: ReasonAnswer | None = Field(
        description="Why the run ended as it did; null if it is open or just succeeded."
    )
    started_by: str = Field(
        description="Who started the run: a person's id in Cognito, `clock` for an Auto run, or "
        "`drop` for a bundle that was uploaded."
    )
    source: SyncType = Field(description="How the group's roster came in at the time.")
    seconds: int | None = Field(
        description="How many seconds passed from the request to the end; null while it is open."
    )
    restores: str | None = Field(
        description="The id of the run whose roster is restored; null if none is."
    )
    decision: DecisionAnswer | None = Field(
        description="The decision that the run carries out; null if it is not about one."
    )
    created_at: Moment = Field(description="When the run was requested.")
    started_at: Moment | None = Field(
        description="When work on it began; null if it has not begun."
    )
    finished_at: Moment | None = Field(description="When it ended; null while it is open.")


class RunPage(Answer):
    """A page of a group's runs, newest first."""

    syncs: list[RunAnswer] = Field(description="The runs of the page.")
    cursor: str | None = Field(description="Where the next page begins; null on the last page.")


class ErrorsByCode(StoredAnswer):
    """How often one thing was wrong, and what to do about it."""

    code: str = Field(
        description="What is wrong, for programs; the operations page lists the codes of the error "
        "report. New codes may be added."
    )
    severity: Annotated[str, listed(("error", "warning"))] = Field(
        description="With an `error` a row was not loaded as it came; a `warning` was repaired."
    )
    count: int = Field(description="In how many rows.")
    message: str | None = Field(description="What is wrong, for people; null for an unknown code.")
    fix: str | None = Field(description="What to do, for people; null for an unknown code.")


class ErrorsBySchool(StoredAnswer):
    """How much is wrong with the rows of one school."""

    school: str = Field(
        description="The school's sourcedId, or `others` for all but the worst schools."
    )
    errors: int = Field(description="How many errors.")
    warnings: int = Field(description="How many warnings.")


class ErrorsByFile(StoredAnswer):
    """How much is wrong with one file."""

    file: str | None = Field(
        description="The file's name, or the collection's of a REST source; null if it is about "
        "neither."
    )
    errors: int = Field(description="How many errors.")
    warnings: int = Field(description="How many warnings.")


class ErrorsSummary(StoredAnswer):
    """A run's error report, summed up."""

    by_code: list[ErrorsByCode] = Field(description="Errors first, the most frequent first.")
    by_school: list[ErrorsBySchool] = Field(description="The worst schools first.")
    by_file: list[ErrorsByFile] = Field(description="In the order of the files' names.")


class HeldByRule(StoredAnswer):
    """How many records of a kind wait for one reason."""

    entity: Entity = Field(description="The kind of record.")
    rule: Annotated[str, listed(HoldRule)] = Field(description="Why they wait.")
    records: int = Field(description="How many records.")


class HeldAt(StoredAnswer):
    """How many records of a kind wait at a school, or in a class."""

    school: str | None = Field(
        description="The school's sourcedId; null for records that belong to no school."
    )
    school_name: str | None = Field(None, description="The school's name, if it is known.")
    class_name: str | None = Field(None, description="The class's title, if it is known.")
    class_: Annotated[str | None, Field(alias="class")] = Field(
        None, description="The class's sourcedId; absent where schools are listed."
    )
    entity: Entity = Field(description="The kind of record.")
    records: int = Field(description="How many records.")


class HoldAnswer(Answer):
    """What waits for a person to decide."""

    digest: str | None = Field(
        description="Stands for exactly these records; a decision names it. Null if nothing waits."
    )
    records: int = Field(description="How many records wait.")
    run_id: str | None = Field(
        description="The id of the run that found them; null if nothing waits."
    )
    by_rule: list[HeldByRule] = Field(description="By kind of record and reason.")
    by_school: list[HeldAt] = Field(
        description="By school, the most records first. Only the first schools are listed; the "
        "list of records has all."
    )
    by_class: list[HeldAt] = Field(
        description="By class, the most records first. Only the first classes are listed; the list "
        "of records has all."
    )


class KeptByRule(StoredAnswer):
    """How many records of a kind were kept that had waited for one reason."""

    entity: Entity = Field(description="The kind of record.")
    rule: Annotated[str, listed(HoldRule)] | None = Field(
        None, description="Why they waited; null if that is no longer known."
    )
    records: int = Field(description="How many records.")


class KeptRecordsAnswer(Answer):
    """What a person has rejected, and what stays as it is therefore."""

    digest: str | None = Field(
        description="Stands for exactly these records; a decision names it. Null if nothing is "
        "kept."
    )
    records: int = Field(description="How many records are kept.")
    run_id: str | None = Field(
        description="The id of the run that listed them; null if nothing is kept."
    )
    by_rule: list[KeptByRule] = Field(description="By kind of record and reason.")
    by_school: list[HeldAt] = Field(
        description="By school, the most records first. Only the first schools are listed; the "
        "list of records has all."
    )
    by_class: list[HeldAt] = Field(
        description="By class, the most records first. Only the first classes are listed; the list "
        "of records has all."
    )


class UploadAnswer(Answer):
    """A form to upload one bundle with, by a POST of `multipart/form-data`."""

    upload_id: str = Field(
        description="The upload's id; the run that reads the bundle shows the same."
    )
    url: str = Field(description="Where to post the form.")
    fields: dict[str, str] = Field(
        description="The fields of the form, to be sent as they are. The file follows them, as "
        "`file`."
    )
    expires_in: int = Field(description="For how many seconds the form can be used.")
    max_bytes: int = Field(description="How large the bundle may be, in bytes.")


class ProbeAnswer(ProbeFields, Answer, complete=True):
    """One thing that was tried."""


class ConnectionTestAnswer(Answer):
    """A connection test."""

    test_id: str = Field(description="The test's id; it is kept for a day.")
    state: Literal["Running", "Done"] = Field(description="Whether the test has finished.")
    ok: bool = Field(description="Whether all is well; false while the test is running.")
    probes: list[ProbeAnswer] = Field(description="What was tried, in order.")
    created_at: Moment = Field(description="When the test was requested.")
    finished_at: Moment | None = Field(description="When it finished; null while it is running.")
