"""Opens a bundle and reads what it holds: its files, and what its manifest says about them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from shared.bundles.encoding import read_lines
from shared.bundles.loose_files import open_loose
from shared.bundles.manifest import Manifest, read_manifest
from shared.bundles.repairs import FileFindings
from shared.bundles.zip_container import open_container
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
        """Its name at the source."""
        ...


class OpenBundle(Protocol):
    """An opened bundle: a zip, or loose files."""

    @property
    def entries(self) -> Mapping[str, NamedFile]:
        """The CSV files, by name in lower case without ``.csv``."""
        ...

    @property
    def digest(self) -> str:
        """A digest: equal contents have equal digests."""
        ...

    @property
    def newest(self) -> str | None:
        """The time of the newest file, without a zone."""
        ...

    @property
    def findings(self) -> tuple[FileFinding, ...]:
        """What was tolerated in the container."""
        ...

    def open(self, stem: str) -> AbstractContextManager[BinaryIO]:
        """Open one file for reading."""
        ...


@dataclass(frozen=True)
class Contents:
    """What a bundle holds.

    ``manifest``: what its manifest says.
    ``findings``: what was tolerated or repaired so far.
    """

    manifest: Manifest
    findings: tuple[FileFinding, ...]

    def carried(self, opened: OpenBundle) -> dict[str, CollectionStatus]:
        """The roster files in the bundle, and whether each is complete, unproven or a delta."""
        return {
            stem: status
            for stem in opened.entries
            if stem in ROSTER_FILES
            and (status := self.manifest.status(stem)) is not CollectionStatus.ABSENT
        }


def open_bundle(bundle: Bundle, open_object: Callable[[BundleObject], BinaryIO]) -> OpenBundle:
    """Open a bundle in place; of a zip, only its directory is read.

    :param open_object: opens an object of the bucket for reading by ranges.
    :raises GiveUpError: it is not a bundle, or breaks a limit.
    :raises MissingObjectError: an object is missing.
    """
    if bundle.loose:
        return open_loose(bundle.objects, bundle.look or "", open_object)
    return open_container(open_object(bundle.objects[0]))


def read_contents(opened: OpenBundle) -> Contents:
    """Read the manifest, and compare the files with it.

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
