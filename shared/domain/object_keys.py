"""The keys and tags of the data bucket: made, parsed and grouped here, and nowhere else.

A key begins with a folder and the group's id, so that a group's objects can be found and deleted
without a list of them. Tables and messages store keys: they must stay as they are.

``ENDS`` says what ends the objects of each folder. The rules that do it are the bucket's lifecycle
in ``template.yaml``; ``tests/template/test_data_bucket.py`` holds them to this module.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from shared.domain.ids import GroupId, RunKey
from shared.domain.roster.collection import Collection
from shared.domain.run.run import FETCHING_MODES, Mode


class Folder(StrEnum):
    """The first part of every key.

    ``BUNDLES``: files that were fetched over SFTP.
    ``CHANGES``: the change files of runs, each with its index.
    ``COVERS``: cover images.
    ``DROPS``: bundles that people upload; S3 tells a queue of each.
    ``EXPORTS``: rosters as OneRoster bundles, to be fetched.
    ``HOLDS``: lists of what waits for a person's decision.
    ``REPORTS``: error reports and lists of changes, to be fetched.
    ``SNAPSHOTS``: the rosters that runs have left.
    ``STAGED``: rows as they came from the source, before they are planned.
    """

    BUNDLES = "bundles"
    CHANGES = "changes"
    COVERS = "covers"
    DROPS = "drops"
    EXPORTS = "exports"
    HOLDS = "holds"
    REPORTS = "reports"
    SNAPSHOTS = "snapshots"
    STAGED = "staged"

    @property
    def prefix(self) -> str:
        """What all keys of the folder begin with."""
        return f"{self}/"

    def of_group(self, group_id: GroupId) -> str:
        """What all keys of a group begin with in this folder, and no others."""
        # All ids have one length. The first cover images were named by the id alone.
        return f"{self}/{group_id}" if self is Folder.COVERS else f"{self}/{group_id}/"


class Ends(Enum):
    """What ends an object while its group lives on.

    ``BY_AGE``: a lifecycle rule of its folder, so many days after it was made.
    ``BY_TAG``: a lifecycle rule for its tag, ``CANDIDATE`` or ``SUPERSEDED``.
    ``WHEN_REPLACED``: our own code, when another object replaces it or a person removes it.
    """

    BY_AGE = auto()
    BY_TAG = auto()
    WHEN_REPLACED = auto()


ENDS: Mapping[Folder, Ends] = {
    Folder.BUNDLES: Ends.BY_AGE,
    Folder.CHANGES: Ends.BY_TAG,
    Folder.COVERS: Ends.WHEN_REPLACED,
    Folder.DROPS: Ends.BY_AGE,
    Folder.EXPORTS: Ends.BY_AGE,
    Folder.HOLDS: Ends.BY_TAG,
    Folder.REPORTS: Ends.BY_AGE,
    Folder.SNAPSHOTS: Ends.BY_TAG,
    Folder.STAGED: Ends.BY_AGE,
}

LIFECYCLE = "lifecycle"
CANDIDATE = {LIFECYCLE: "candidate"}
"""A run has prepared it, and no group's state needs it yet: it goes after a week."""
CURRENT = {LIFECYCLE: "current"}
"""A group's state needs it: no rule touches it."""
SUPERSEDED = {LIFECYCLE: "superseded"}
"""Nothing needs it any more: S3 takes it away at the next midnight."""

UPLOADED = ".zip"
"""What the key of a bundle that people upload ends with; S3 tells nobody of other objects."""
_OLDER = "older"


class UploadedBundle(NamedTuple):
    """What the key of an uploaded bundle says.

    ``group_id``: whose it is; in a key that a person chose, it may be anything.
    ``name``: the file's name.
    ``mode``: what was asked for; ``SYNC`` if the key is a person's own.
    ``upload_id``: which upload was asked for; None if the key is a person's own.
    ``accept_older``: whether the bundle may be older than the group's last one.
    """

    group_id: GroupId
    name: str
    mode: Mode
    upload_id: str | None
    accept_older: bool


def upload_key(group_id: GroupId, mode: Mode, upload_id: str, *, accept_older: bool) -> str:
    """Make the key for a bundle that somebody asks to upload."""
    older = f"{_OLDER}/" if accept_older else ""
    return f"{Folder.DROPS.of_group(group_id)}{mode}/{older}{upload_id}{UPLOADED}"


def parse_upload(key: str) -> UploadedBundle | None:
    """Read the key of an uploaded bundle; None if it lies in no group's folder.

    People put bundles under ``drops/{groupId}/`` by keys of their own, too. Those may do least.
    """
    group_id, _, rest = key.removeprefix(Folder.DROPS.prefix).partition("/")
    if not rest:
        return None
    *folders, name = rest.split("/")
    asked = bool(folders) and folders[0] in FETCHING_MODES
    return UploadedBundle(
        group_id=GroupId(group_id),
        name=name,
        mode=Mode(folders[0]) if asked else Mode.SYNC,
        upload_id=name.removesuffix(UPLOADED) if asked else None,
        accept_older=_OLDER in folders[1:],
    )


def fetched_key(run: RunKey, owner: str, copies: int, number: int, name: str) -> str:
    """Make the key for a file that is fetched over SFTP.

    :param owner: which invocation fetches; two that overlap write different objects.
    :param copies: how often the run has begun to copy the server's files.
    :param number: which file of the copy it is, from 0.
    :param name: the file's name on the server.
    """
    return f"{_of_run(Folder.BUNDLES, run)}{owner}-{copies}/{number}-{name}"


def staged_prefix(run: RunKey, part: str, leg: int, owner: str) -> str:
    """Begin the keys of the rows that one invocation stages of one part of the roster.

    :param part: a collection, or the stem of a file's name in a bundle.
    :param owner: which invocation stages; two that overlap write different objects.
    """
    return f"{_of_run(Folder.STAGED, run)}{part}/{leg}-{owner}"


def present_prefix(run: RunKey, collection: Collection, leg: int, owner: str) -> str:
    """Begin the keys of the ids that the source still has, though its lists lacked them."""
    return staged_prefix(run, f"present/{collection}", leg, owner)


def staged_key(prefix: str, number: int) -> str:
    """Make the key for one object of staged rows, counted from 0, from where its keys begin."""
    return f"{prefix}-{number}.ndjson.gz"


def absent_key(run: RunKey, attempt: str, collection: Collection) -> str:
    """Make the key for the ids that a plan misses and wants asked for, one a line."""
    return f"{_of_run(Folder.STAGED, run)}absent/{attempt}/{collection}.txt"


def snapshots_prefix(run: RunKey) -> str:
    """What the keys of a run's snapshots begin with, whichever attempt to plan made them."""
    return _of_run(Folder.SNAPSHOTS, run)


def snapshot_key(run: RunKey, attempt: str, collection: Collection) -> str:
    """Make the key for one collection of the roster that a run will leave."""
    return f"{snapshots_prefix(run)}{attempt}/{collection}.parquet"


def proposals_key(run: RunKey, attempt: str, collection: Collection) -> str:
    """Make the key for what waits in one collection, beside the roster that a run will leave."""
    return f"{snapshots_prefix(run)}{attempt}/proposed-{collection}.parquet"


def holds_prefix(run: RunKey) -> str:
    """What the keys of a run's holds begin with, whichever attempt to plan made them."""
    return _of_run(Folder.HOLDS, run)


def hold_keys(run: RunKey, attempt: str) -> tuple[str, str]:
    """Make the keys for the list of what waits for a decision, and for its summary."""
    return f"{holds_prefix(run)}{attempt}/hold.csv", f"{holds_prefix(run)}{attempt}/hold.json"


def kept_keys(run: RunKey, attempt: str) -> tuple[str, str]:
    """Make the keys for the list of what a person has rejected, and for its summary."""
    prefix = f"{holds_prefix(run)}{attempt}"
    return f"{prefix}/kept.csv", f"{prefix}/kept.json"


def changes_key(run: RunKey, attempt: str) -> str:
    """Make the key for the change file of an attempt to plan."""
    return f"{_of_run(Folder.CHANGES, run)}{attempt}.ndjson.gz"


def unapplied_key(run: RunKey) -> str:
    """Make the key for the changes of a run that could not be applied."""
    return f"{_of_run(Folder.CHANGES, run)}unapplied.ndjson.gz"


def index_key(changes_key: str) -> str:
    """Make the key for the index of a change file, which lies beside it."""
    return f"{changes_key}.index"


def errors_key(run: RunKey) -> str:
    """Make the key for a run's error report."""
    return f"{_of_run(Folder.REPORTS, run)}errors.csv"


def errors_summary_key(run: RunKey) -> str:
    """Make the key for the counts of a run's errors."""
    return f"{_of_run(Folder.REPORTS, run)}summary.json"


def change_list_key(run: RunKey) -> str:
    """Make the key for the list of a run's changes that people read."""
    return f"{_of_run(Folder.REPORTS, run)}changes.csv"


def held_list_key(run: RunKey) -> str:
    """Make the key for the list of what a run leaves, or would leave, for a person to decide."""
    return f"{_of_run(Folder.REPORTS, run)}held.csv"


def export_key(group_id: GroupId, seq: int) -> str:
    """Make the key for the export of the roster that run ``seq`` of a group left."""
    return f"{Folder.EXPORTS.of_group(group_id)}{seq}.zip"


def cover_key(group_id: GroupId, image_id: str) -> str:
    """Make the key for a group's cover image that somebody asks to upload."""
    return f"{Folder.COVERS.of_group(group_id)}/{image_id}"


def default_cover_key(digest: str) -> str:
    """Make the key for the image of groups that have none; ``digest`` tells drawings apart."""
    return f"{Folder.COVERS.prefix}default-{digest}.svg"


def _of_run(folder: Folder, run: RunKey) -> str:
    return f"{folder.of_group(run.group_id)}{run.seq}/"
