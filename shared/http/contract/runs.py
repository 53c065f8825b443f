"""What the API answers of runs, uploads, connection tests and what waits for a person."""

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.domain.group.choices import SyncType
from shared.domain.group.hold import Decision
from shared.domain.run.run import Mode, RunState, Trigger
from shared.http.contract.answers import Answer, Moment, StoredAnswer


class CountsAnswer(Answer):
    """What became of one entity's records."""

    created: int
    updated: int
    deleted: int
    restored: int
    ended: int
    rekeyed: int
    unchanged: int
    rejected: int
    held: int


class NoticeAnswer(Answer):
    """Something to know about a run that did not stop it."""

    code: str
    message: str


class ReasonAnswer(NoticeAnswer):
    """Why a run ended as it did; ``field`` is the group's field to change."""

    field: str | None


class DecisionAnswer(Answer):
    """What a person said of what waited."""

    decision: Decision
    digest: str
    reason: str


class RunAnswer(Answer):
    """A run of a group; while it is ``open`` it is under way, and has ``progress``.

    ``counts`` are by entity. ``started_by`` is Cognito's id of a person, or what of ours began the
    run; ``restores`` is the run whose roster is taken back, ``seconds`` how long it all took.
    """

    run_id: str
    mode: Mode
    trigger: Trigger
    upload_id: str | None
    state: RunState
    open: bool
    progress: dict[str, Any]
    counts: dict[str, CountsAnswer]
    notices: list[NoticeAnswer]
    reason: ReasonAnswer | None
    started_by: str
    source: SyncType
    seconds: int | None
    restores: str | None
    decision: DecisionAnswer | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None


class RunPage(Answer):
    """A page of a group's runs, newest first; ``cursor`` is null on the last."""

    syncs: list[RunAnswer]
    cursor: str | None


class ErrorsByCode(StoredAnswer):
    """How often one thing was wrong, and what to do."""

    code: str
    severity: str
    count: int
    message: str | None
    fix: str | None


class ErrorsBySchool(StoredAnswer):
    """How much was wrong with one school's rows; ``others`` are all but the worst ones."""

    school: str
    errors: int
    warnings: int


class ErrorsByFile(StoredAnswer):
    """How much was wrong with one file."""

    file: str | None
    errors: int
    warnings: int


class ErrorsSummary(StoredAnswer):
    """A run's error report, summed up."""

    by_code: list[ErrorsByCode]
    by_school: list[ErrorsBySchool]
    by_file: list[ErrorsByFile]


class HeldByRule(StoredAnswer):
    """How many records of an entity wait by a rule of the guard."""

    entity: str
    rule: str
    records: int


class HeldAt(StoredAnswer):
    """How many records of an entity wait at a school, or in a class."""

    school: str | None
    class_: Annotated[str | None, Field(alias="class")] = None
    entity: str
    records: int


class HoldAnswer(Answer):
    """What waits for a person; a decision names its ``digest``, which is null if nothing waits.

    ``run_id`` is the run that found it so.
    """

    digest: str | None
    records: int
    run_id: str | None
    by_rule: list[HeldByRule]
    by_school: list[HeldAt]
    by_class: list[HeldAt]


class UploadAnswer(Answer):
    """A form to upload a bundle with, by POST to ``url``: its fields, and the file last.

    It is good for ``expires_in`` seconds; the bundle's run shows the same ``upload_id``.
    """

    upload_id: str
    url: str
    fields: dict[str, str]
    expires_in: int
    max_bytes: int


class ProbeAnswer(Answer):
    """One thing that was tried of a connection.

    ``field`` is the group's field to change, ``facts`` what was found.
    """

    name: str
    ok: bool
    detail: str
    field: str | None
    facts: dict[str, Any]


class ConnectionTestAnswer(Answer):
    """A connection test: what was found, probe by probe."""

    test_id: str
    state: Literal["Running", "Done"]
    ok: bool
    probes: list[ProbeAnswer]
    created_at: Moment
    finished_at: Moment | None
