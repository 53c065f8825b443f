"""Asks a REST source once more for records that seem to be gone.

Offset paging skips a record if another one is deleted while the pages are read. So a few records
are asked for one by one. For many, the ids of the collection are read a second time: a record is
gone if both readings miss it.
"""

from collections.abc import Iterator, Sequence

from shared.domain.roster.collection import Collection
from shared.domain.roster.staged_rows import Absent
from shared.ports.bucket import Objects
from shared.sync.extract.patient_source import PatientSource

ONE_BY_ONE = 200
"""Up to how many records of a collection are asked for one by one."""
CHUNK = 20


def find_present(
    collection: Collection, absent: Absent, objects: Objects, source: PatientSource
) -> Iterator[Sequence[str]]:
    """Yield ids that the source has, round by round; an absent one among them is not gone."""
    if absent.records > ONE_BY_ONE:
        yield from source.all_ids(collection)
        return
    ids = objects.get(absent.key).decode().splitlines()
    for start in range(0, len(ids), CHUNK):
        yield source.have(collection, ids[start : start + CHUNK])
