"""A bundle of loose CSV files, from a folder on an SFTP server."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from shared.bundles import file_reasons
from shared.domain.errors import GiveUpError
from shared.domain.roster.findings import FileFinding
from shared.domain.run.bundle import BundleObject


@dataclass(frozen=True)
class LooseFile:
    """One file.

    ``name``: its name at the source.
    ``place``: where it is in the bucket.
    """

    name: str
    place: BundleObject


@dataclass(frozen=True)
class LooseBundle:
    """A bundle of loose CSV files.

    ``entries``: the files, by name in lower case without ``.csv``.
    ``digest``: over their names, sizes and times at the source.
    ``open_object``: opens an object of the bucket for reading.
    ``newest``, ``findings``: always empty; a zip has them.
    """

    entries: Mapping[str, LooseFile]
    digest: str
    open_object: Callable[[BundleObject], BinaryIO]
    newest: str | None = None
    findings: tuple[FileFinding, ...] = ()

    def open(self, stem: str) -> BinaryIO:
        """Open one file for reading."""
        return self.open_object(self.entries[stem].place)


def open_loose(
    objects: Sequence[BundleObject], look: str, open_object: Callable[[BundleObject], BinaryIO]
) -> LooseBundle:
    """Make a bundle of objects.

    :param look: the digest of the files' names, sizes and times at the source.

    :raises GiveUpError: two files differ only in case.
    """
    entries: dict[str, LooseFile] = {}
    for place in objects:
        stem = place.name.casefold().removesuffix(".csv")
        if stem in entries:
            raise GiveUpError(file_reasons.file_twice(place.name))
        entries[stem] = LooseFile(place.name, place)
    return LooseBundle(entries, hashlib.sha256(look.encode()).hexdigest(), open_object)
