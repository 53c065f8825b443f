"""The change file of a run: its write-ahead log, in batches that can be read one by one.

Each batch is a gzip member, so a byte range of the object can be read without the rest. The index,
an object beside it, lists where the batches end. Both are kept while the run's writes are uncertain
(``past_rosters``).
"""

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from shared.domain import object_keys
from shared.domain.ids import RunKey
from shared.domain.roster.change import Change
from shared.domain.run.run import Plan
from shared.messages import ApplyBatch
from shared.ports.bucket import Objects

CHANGES_PER_BATCH = 250


def packed_batches(lines: Iterable[str]) -> Iterator[bytes]:
    """Pack lines into batches of ``CHANGES_PER_BATCH``, each a gzip member."""
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) == CHANGES_PER_BATCH:
            yield _packed(batch)
            batch = []
    if batch:
        yield _packed(batch)


def _packed(lines: list[str]) -> bytes:
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), compresslevel=3, mtime=0)


def write_batches(lines: Iterable[str], path: Path) -> list[int]:
    """Write lines into ``path`` as batches; return where each ends, in bytes."""
    ends: list[int] = []
    with path.open("wb") as file:
        for batch in packed_batches(lines):
            file.write(batch)
            ends.append(file.tell())
    return ends


def upload(objects: Objects, key: str, path: Path, ends: list[int]) -> None:
    """Store a change file and its index, as candidates."""
    objects.upload(key, path, object_keys.CANDIDATE)
    objects.put(object_keys.index_key(key), json.dumps(ends).encode(), object_keys.CANDIDATE)


def messages(
    objects: Objects, key: RunKey, plan: Plan, numbers: Iterable[int]
) -> Iterator[ApplyBatch]:
    """Make the messages for the batches of these numbers, counted from 0."""
    ends: list[int] = json.loads(objects.get(object_keys.index_key(plan.changes_key)))
    for number in numbers:
        start = ends[number - 1] if number else 0
        yield ApplyBatch(
            enterprise=key.enterprise,
            group_id=key.group_id,
            seq=key.seq,
            batch=number,
            start=start,
            length=ends[number] - start,
            attempt=plan.attempt,
        )


def read_batch(objects: Objects, plan: Plan, start: int, length: int) -> list[Change]:
    """Read the batch of ``length`` bytes that begins at ``start``."""
    text = gzip.decompress(objects.get(plan.changes_key, start, length))
    return [Change.model_validate_json(line) for line in text.splitlines()]


def unpack(path: Path, into: Path) -> None:
    """Append the lines of a downloaded change file to ``into``."""
    with gzip.open(path, "rb") as packed, into.open("ab") as plain:
        while block := packed.read(1 << 20):
            plain.write(block)
