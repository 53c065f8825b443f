"""Ports to the data bucket."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from shared.domain.group.cover import Cover, ImageType
from shared.domain.run.bundle import BundleObject


class Objects(Protocol):
    """The data bucket."""

    def put(self, key: str, body: bytes, tags: dict[str, str] | None = None) -> None:
        """Store a small object."""
        ...

    def has(self, key: str) -> bool:
        """Tell whether there is such an object."""
        ...

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read an object or a range of it.

        :raises MissingObjectError: there is no such object.
        """
        ...

    def upload(self, key: str, path: Path, tags: dict[str, str] | None = None) -> None:
        """Store a file."""
        ...

    def download(self, key: str, path: Path) -> None:
        """Fetch an object into a file.

        :raises MissingObjectError: there is no such object.
        """
        ...

    def download_past(self, key: str, path: Path) -> None:
        """Fetch an object that may have been superseded or deleted, as long as it is kept.

        :raises MissingObjectError: there is no such object, or it is kept no longer.
        """
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """List the keys of the objects under a prefix."""
        ...

    def tag(self, keys: Iterable[str], tags: dict[str, str], *, required: bool = False) -> None:
        """Replace the tags of objects; those that are gone are passed over.

        :raises MissingObjectError: one is gone, and they are ``required``.
        """
        ...

    def open(self, place: BundleObject) -> BinaryIO:
        """Open an object for reading by ranges, in the version that ``place`` names.

        :raises MissingObjectError: there is no such object.
        """
        ...


class Uploads(Protocol):
    """Objects that are written part by part, over several invocations."""

    def begin(self, key: str) -> str:
        """Begin an object; returns the id of its upload."""
        ...

    def part(self, key: str, upload_id: str, number: int, body: bytes) -> str:
        """Write part ``number``, counted from 1; returns its tag. All but the last have 5 MB."""
        ...

    def complete(self, key: str, upload_id: str, tags: Sequence[str]) -> str | None:
        """Make the object of its parts; returns its version."""
        ...

    def abort(self, key: str, upload_id: str) -> None:
        """Give an upload up; one that is gone is passed over."""
        ...


@dataclass(frozen=True)
class UploadAddress:
    """Where to send a file: a form of ``fields`` and the file, by POST, to ``url``."""

    url: str
    fields: dict[str, str]
    expires_in: int
    max_bytes: int


class SignedAddresses(Protocol):
    """Addresses by which people reach the bucket themselves, past the limits of Lambda."""

    def upload_address(self, key: str) -> UploadAddress:
        """Make an address that takes one bundle."""
        ...

    def report_address(
        self, key: str, name: str, content_type: str = "text/csv; charset=utf-8"
    ) -> str:
        """Make an address to fetch a report from, which a browser saves as ``name``.

        :raises NotFoundError: there is no such report, or not any more.
        """
        ...

    def summary(self, key: str) -> dict[str, Any]:
        """Read a small JSON report.

        :raises NotFoundError: there is no such report, or not any more.
        """
        ...


class SeenImage(NamedTuple):
    """What was uploaded for an image: its first bytes, and which version of the object it is."""

    head: bytes
    version: str | None


class CoverImages(Protocol):
    """Where cover images lie."""

    def upload_address(self, key: str, image: ImageType) -> dict[str, Any]:
        """Make an address to upload one image to: ``url``, and the ``fields`` of its form."""
        ...

    def look(self, key: str) -> SeenImage | None:
        """Look at what was uploaded; None if nothing was."""
        ...

    def remove(self, key: str) -> None:
        """Delete an image; one that is not there stays so."""
        ...

    def address(self, cover: Cover) -> str:
        """Make an address at which an image can be seen by whoever has it, or the default."""
        ...
