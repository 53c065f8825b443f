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
        """Tell whether the object exists."""
        ...

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read an object, or ``length`` bytes of it from ``start``.

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
        """Fetch an object that may have been deleted, while the bucket keeps its last version.

        :raises MissingObjectError: there is no such object, or it is no longer kept.
        """
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """List the keys of the objects under a prefix."""
        ...

    def tag(self, keys: Iterable[str], tags: dict[str, str], *, required: bool = False) -> None:
        """Replace the tags of objects; skip those that are gone.

        :raises MissingObjectError: one is gone, and they are ``required``.
        """
        ...

    def open(self, place: BundleObject) -> BinaryIO:
        """Open an object for reading, in the version that ``place`` names; nothing is read yet.

        :raises MissingObjectError: when it is read, and there is no such object.
        """
        ...


class Uploads(Protocol):
    """Objects that several invocations write, part by part."""

    def begin(self, key: str) -> str:
        """Begin an object; return the id of its upload."""
        ...

    def part(self, key: str, upload_id: str, number: int, body: bytes) -> str:
        """Write part ``number``, from 1; return its tag. All but the last have 5 MB or more."""
        ...

    def complete(self, key: str, upload_id: str, tags: Sequence[str]) -> str | None:
        """Make the object from its parts; return its version."""
        ...

    def abort(self, key: str, upload_id: str) -> None:
        """Give up an upload; one that is gone is no error."""
        ...


@dataclass(frozen=True)
class UploadAddress:
    """Where to upload a file by POST, as a form.

    ``url``: where to.
    ``fields``: the form's fields; the file comes after them.
    ``expires_in``: for how many seconds the address takes a file.
    ``max_bytes``: how large the file may be.
    """

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
        """Make an address to fetch a report from; a browser saves it as ``name``.

        :raises NotFoundError: there is no such report, or it is no longer kept.
        """
        ...

    def summary(self, key: str) -> dict[str, Any]:
        """Read a small JSON report.

        :raises NotFoundError: there is no such report, or it is no longer kept.
        """
        ...


class SeenImage(NamedTuple):
    """What was uploaded as an image.

    ``head``: its first bytes.
    ``version``: the object's version; None if there is none.
    """

    head: bytes
    version: str | None


class CoverImages(Protocol):
    """The cover images of groups."""

    def upload_address(self, key: str, image: ImageType) -> dict[str, Any]:
        """Make a form to upload one image with: its ``url`` and ``fields``."""
        ...

    def look(self, key: str) -> SeenImage | None:
        """Look at the upload; None if nothing was uploaded."""
        ...

    def remove(self, key: str) -> None:
        """Delete an image; one that is gone is no error."""
        ...

    def address(self, cover: Cover) -> str:
        """Make an address that shows the image, or the default, to anybody who has it."""
        ...
