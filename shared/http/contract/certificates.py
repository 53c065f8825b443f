"""What the API answers about groups that were deleted."""

from datetime import date
from typing import Literal

from pydantic import Field

from shared.domain.run.deletion_certificate import Store
from shared.http.contract.answers import Moment, StoredAnswer


class ErasedAnswer(StoredAnswer):
    """How many things of one kind were deleted from one store."""

    store: Store = Field(description="Where they were stored.")
    kind: str = Field(
        description="What they were: a kind of record, the folder of objects, or such as `topics`, "
        "`addresses` and `secrets`. New kinds may be added."
    )
    deleted: int = Field(description="How many were deleted.")
    earlier_versions: int | None = Field(
        description="How many earlier versions of objects were deleted as well; null outside the "
        "bucket."
    )
    last_backup_day: date | None = Field(
        description="The last day (UTC) on which a backup may still hold any of it; null if there "
        "is no backup."
    )


class KeptAnswer(StoredAnswer):
    """What is kept about the group. It names nobody of its roster."""

    what: Literal["certificate", "runs", "accesses"] = Field(
        description="What is kept: this certificate, the group's runs, or who has read about its "
        "people."
    )
    until: Moment = Field(description="When it is deleted at the latest.")


class CertificateAnswer(StoredAnswer):
    """What a deletion has done."""

    group_id: str = Field(description="The id of the group that was deleted.")
    name: str = Field(description="The group's name.")
    client_group_id: str = Field(description="Your own id for the group.")
    created_at: Moment = Field(description="When the group was created.")
    run_id: str | None = Field(
        description="The run that deleted the group; null if there was nothing for a run to delete."
    )
    requested_by: str = Field(description="Who asked for it: the person's id in Cognito.")
    requested_at: Moment = Field(description="When the deletion was requested.")
    deleted_at: Moment = Field(description="When the deletion was complete.")
    erased: list[ErasedAnswer] = Field(description="What was deleted, by store and kind.")
    last_backup_day: date = Field(
        description="The last day (UTC) on which a backup may still hold any of it. After that "
        "nothing of the group can be restored."
    )
    kept: list[KeptAnswer] = Field(description="What is still kept, and until when.")


class CertificatePage(StoredAnswer):
    """A page of certificates."""

    certificates: list[CertificateAnswer] = Field(description="The certificates of the page.")
    cursor: str | None = Field(description="Where the next page begins; null on the last page.")
