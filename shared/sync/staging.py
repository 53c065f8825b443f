"""Writes staged rows into objects of a bounded size, as gzipped NDJSON."""

import gzip
import json
from typing import Any

from shared.domain import object_keys
from shared.ports.bucket import Objects

OBJECT_BYTES = 16 * 1024 * 1024


class StagedWriter:
    """Collects the rows of one part of a run's staged roster, and writes them into objects.

    ``prefix``: what the keys of the objects begin with; it names the worker, so that two workers on
    the same leg write different objects.
    ``keys``: the objects written so far.
    """

    def __init__(self, objects: Objects, prefix: str) -> None:
        self.keys: tuple[str, ...] = ()
        self._objects = objects
        self._prefix = prefix
        self._lines: list[bytes] = []
        self._bytes = 0

    def add(self, row: dict[str, Any]) -> None:
        """Add a row; write the object when it is full."""
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
        self._lines.append(line)
        self._bytes += len(line)
        if self._bytes >= OBJECT_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the collected rows into an object."""
        if not self._lines:
            return
        key = object_keys.staged_key(self._prefix, len(self.keys))
        body = gzip.compress(b"\n".join(self._lines) + b"\n", compresslevel=1, mtime=0)
        self._objects.put(key, body)
        self.keys += (key,)
        self._lines, self._bytes = [], 0
