"""Opens a bundle and says what it holds: its files, and what its manifest says of them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from shared.bundles.container import open_container
from shared.bundles.loose import open_loose
from shared.bundles.manifest import Manifest, read_manifest
from shared.bundles.repairs import FileFindings
from shared.bundles.text import read_lines
from shared.domain.roster.collection import CollectionStatus
from shared.domain.roster.csv_columns import FILES as ROSTER_FILES
from shared.domain.roster.findings import FileFinding
from shared.domain.run.bundle import Bundle, BundleObject

MANIFEST = "manifest"
_USED = frozenset({*ROSTER_FILES, MANIFEST})


class NamedFile(Protocol):
    """A file of a bundle."""

    @property
    def name(self) -> str:
        """Its name as it is at the source."""
        ...


class OpenBundle(Protocol):
    """An opened bundle, zip or loose; ``entries`` by file name in lower case without ``.csv``."""

    @property
    def entries(self) -> Mapping[str, NamedFile]:
        """The CSV files."""
        ...

    @property
    def digest(self) -> str:
        """Tells equal contents."""
        ...

    @property
    def newest(self) -> str | None:
        """The time of the newest file, without a zone."""
        ...

    @property
    def findings(self) -> tuple[FileFinding, ...]:
        """What was tolerated of the container."""
        ...

    def open(self, stem: str) -> AbstractContextManager[BinaryIO]:
        """Open one file for reading."""
        ...


@dataclass(frozen=True)
class Contents:
    """What a bundle holds, and what is to be said of it."""

    manifest: Manifest
    findings: tuple[FileFinding, ...]

    def carried(self, opened: OpenBundle) -> dict[str, CollectionStatus]:
        """The roster's files that the bundle brings, and what each is."""
        return {
            stem: status
            for stem in opened.entries
            if stem in ROSTER_FILES
            and (status := self.manifest.status(stem)) is not CollectionStatus.ABSENT
        }


def open_bundle(bundle: Bundle, open_object: Callable[[BundleObject], BinaryIO]) -> OpenBundle:
    """Open a bundle where it lies; no more than its directory is read.

    :raises GiveUpError: it is no bundle, or breaks a limit.
    :raises MissingObjectError: it is not there.
    """
    if bundle.loose:
        return open_loose(bundle.objects, bundle.look or "", open_object)
    return open_container(open_object(bundle.objects[0]))


def read_contents(opened: OpenBundle) -> Contents:
    """Read the manifest, and hold the files against it.

    :raises GiveUpError: the manifest cannot be read.
    """
    if MANIFEST not in opened.entries:
        findings = FileFindings("manifest.csv")
        findings.note("no_manifest")
        return Contents(Manifest(False), (*opened.findings, *findings.all()))
    file = opened.entries[MANIFEST].name
    findings = FileFindings(file)
    with opened.open(MANIFEST) as stream:
        manifest = read_manifest(read_lines(stream, file, findings), findings)
    for stem, status in manifest.files.items():
        there, absent = stem in opened.entries, status is CollectionStatus.ABSENT
        if there and absent and stem in ROSTER_FILES:
            findings.note("file_said_absent", field=f"file.{stem}", found=opened.entries[stem].name)
        if not there and not absent:
            findings.note("file_missing", field=f"file.{stem}", found=f"{stem}.csv")
    for stem in opened.entries:
        if stem in _USED and stem != MANIFEST and stem not in manifest.files:
            findings.note("file_not_named", field=f"file.{stem}", found=opened.entries[stem].name)
    return Contents(manifest, (*opened.findings, *findings.all()))
