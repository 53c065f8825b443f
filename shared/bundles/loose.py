"""A bundle of loose CSV files: what a folder on an SFTP server held."""

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
    """One file; ``name`` is as it was at the source."""

    name: str
    place: BundleObject


@dataclass(frozen=True)
class LooseBundle:
    """CSV files that lie beside each other, by name in lower case without ``.csv``."""

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
    """Make a bundle of objects; ``look`` says what they are.

    :raises GiveUpError: two files differ only in case.
    """
    entries: dict[str, LooseFile] = {}
    for place in objects:
        stem = place.name.casefold().removesuffix(".csv")
        if stem in entries:
            raise GiveUpError(file_reasons.file_twice(place.name))
        entries[stem] = LooseFile(place.name, place)
    return LooseBundle(entries, hashlib.sha256(look.encode()).hexdigest(), open_object)
