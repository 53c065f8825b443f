"""What the API answers of groups that were deleted."""

from datetime import date

from shared.domain.run.deletion_certificate import Store
from shared.http.contract.answers import Moment, StoredAnswer


class ErasedAnswer(StoredAnswer):
    """How many of a kind were deleted from a store.

    ``earlier_versions`` were deleted with the objects of the bucket. ``last_backup_day`` is the
    last day (UTC) on which a backup may hold any of it, null where there is no backup.
    """

    store: Store
    kind: str
    deleted: int
    earlier_versions: int | None
    last_backup_day: date | None


class KeptAnswer(StoredAnswer):
    """What is kept of the group without its people, and until when at the latest."""

    what: str
    until: Moment


class CertificateAnswer(StoredAnswer):
    """What a deletion has done.

    ``run_id`` is the run that did it, null where the group was untouched. ``requested_by`` is
    Cognito's id of a person. From ``last_backup_day`` on nothing of the group can be restored.
    """

    group_id: str
    name: str
    client_group_id: str
    created_at: Moment
    run_id: str | None
    requested_by: str
    requested_at: Moment
    deleted_at: Moment
    erased: list[ErasedAnswer]
    last_backup_day: date
    kept: list[KeptAnswer]


class CertificatePage(StoredAnswer):
    """A page of certificates; ``cursor`` is null on the last."""

    certificates: list[CertificateAnswer]
    cursor: str | None
