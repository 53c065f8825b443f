"""Opens a zip as a bundle, and checks its limits before anything is unpacked.

Opening reads only the archive's directory, and only if the record at the archive's end says that
the directory is small (PKWARE APPNOTE 6.3.10, 4.3.14 to 4.3.16). Contents are streamed.
"""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from shared.bundles import zip_reasons
from shared.bundles.file_names import MISSPELT, SPELLING
from shared.bundles.repairs import FileFindings
from shared.domain.errors import GiveUpError
from shared.domain.roster.findings import FileFinding

_GIB = 1 << 30
_END, _END_BYTES, _MAX_COMMENT = b"PK\x05\x06", 22, 65_535
_END64, _LOCATOR, _LOCATOR_BYTES = b"PK\x06\x06", b"PK\x06\x07", 20
_LOCAL = b"PK\x03\x04"
_LOCAL_BYTES = 30
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_STRAY = ("thumbs.db", "desktop.ini")
_NO_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Limits:
    """The limits of a bundle, in bytes unless the field says otherwise.

    ``entries``: how many files it may hold.
    ``directory``: the size of the archive's directory.
    ``file``: the size of one file when unpacked.
    ``bundle``: the size of all files when unpacked.
    ``ratio``: how many times its packed size a file may unpack to.
    ``ratio_from``: files that are smaller than this when unpacked may have any ratio.
    """

    entries: int = 1000
    directory: int = 16 << 20
    file: int = 20 * _GIB
    bundle: int = 40 * _GIB
    ratio: int = 200
    ratio_from: int = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One CSV file.

    ``name``: its name without the top folder.
    ``info``: its entry in the archive's directory.
    """

    name: str
    info: zipfile.ZipInfo


@dataclass(frozen=True)
class Container:
    """An opened zip.

    ``archive``: the zip itself.
    ``entries``: its CSV files, by name in lower case without ``.csv``.
    ``digest``: over names, checksums and sizes, so equal contents have equal digests, however they
        are packed.
    ``newest``: the time of the newest file, without a zone; None if the archive has no times.
    ``findings``: what was tolerated.
    """

    archive: zipfile.ZipFile
    entries: Mapping[str, Entry]
    digest: str
    newest: str | None
    findings: tuple[FileFinding, ...]

    @contextmanager
    def open(self, stem: str) -> Iterator[BinaryIO]:
        """Open one file for reading as a stream.

        :raises GiveUpError: it is damaged, or its size differs from the directory's; also raised
            while it is read.
        """
        entry = self.entries[stem]
        with _damage(entry.name):
            stream = self.archive.open(entry.info)
        with stream:
            yield cast(BinaryIO, _Checked(stream, entry))


class _Checked:
    """A file of the zip that reports damage with our own reasons."""

    def __init__(self, stream: IO[bytes], entry: Entry) -> None:
        self._stream = stream
        self._entry = entry
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        with _damage(self._entry.name):
            data = self._stream.read(size)
        self._read += len(data)
        if not data and size and self._read != self._entry.info.file_size:
            raise GiveUpError(zip_reasons.damaged(self._entry.name))
        return data


@contextmanager
def _damage(name: str) -> Iterator[None]:
    try:
        yield
    except zipfile.BadZipFile as error:
        crc = "CRC" in str(error)
        raise GiveUpError(
            zip_reasons.bad_crc(name) if crc else zip_reasons.damaged(name)
        ) from error
    except (zlib.error, EOFError, struct.error) as error:
        raise GiveUpError(zip_reasons.damaged(name)) from error


def open_container(file: BinaryIO, limits: Limits | None = None) -> Container:
    """Open a zip that can be read by ranges.

    :param file: the archive, which must be seekable.
    :raises GiveUpError: it is not a zip, or breaks a limit; the reason says which.
    """
    limits = limits or Limits()
    _judge_directory(file, limits)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError) as error:
        raise GiveUpError(zip_reasons.truncated()) from error
    infos = [info for info in archive.infolist() if not info.is_dir()]
    findings = FileFindings("bundle")
    _judge_names(infos)
    used = [info for info in infos if _is_used(info, findings)]
    _judge_sizes(used, limits)
    _judge_places(archive.infolist(), file)
    entries = _by_stem(used, findings)
    return Container(
        archive=archive,
        entries=entries,
        digest=_digest(entries),
        newest=_newest(entries),
        findings=findings.all(),
    )


def _judge_directory(file: BinaryIO, limits: Limits) -> None:
    """Check the record at the archive's end, which says how large its directory is."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_BYTES - _MAX_COMMENT - _LOCATOR_BYTES))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_BYTES:
        file.seek(0)
        raise GiveUpError(
            zip_reasons.truncated() if file.read(4) == _LOCAL else zip_reasons.not_a_zip()
        )
    entries, length = struct.unpack_from("<HI", tail, at + 10)
    if tail[max(0, at - _LOCATOR_BYTES) : at][:4] == _LOCATOR:
        (place,) = struct.unpack_from("<Q", tail, at - _LOCATOR_BYTES + 8)
        file.seek(place)
        record = file.read(56)
        if len(record) < 56 or record[:4] != _END64:
            raise GiveUpError(zip_reasons.truncated())
        entries, length = struct.unpack_from("<QQ", record, 32)
    if entries > limits.entries or length > limits.directory:
        raise GiveUpError(zip_reasons.too_many_entries(limits.entries))


def _judge_names(infos: list[zipfile.ZipInfo]) -> None:
    for info in infos:
        name = info.orig_filename
        parts = name.replace("\\", "/").split("/")
        bad = any(ord(char) < 32 or ord(char) == 127 for char in name)
        if bad or ".." in parts or not parts[0] or name[1:2] == ":":
            raise GiveUpError(zip_reasons.unsafe_name())


def _parts(info: zipfile.ZipInfo) -> list[str]:
    """The folders and the name of an entry; older versions of Windows write backslashes."""
    return info.filename.replace("\\", "/").split("/")


def _is_used(info: zipfile.ZipInfo, findings: FileFindings) -> bool:
    """Whether it is one of the bundle's CSV files; others are skipped."""
    *folders, name = _parts(info)
    folded = name.casefold()
    if "__MACOSX" in folders or name.startswith(".") or folded in _STRAY:
        findings.note("stray_file", found=name)
        return False
    if folded.endswith(".zip"):
        raise GiveUpError(zip_reasons.nested_zip(name))
    if not folded.endswith(".csv"):
        findings.note("stray_file", found=name)
        return False
    return True


def _judge_sizes(infos: list[zipfile.ZipInfo], limits: Limits) -> None:
    for info in infos:
        if info.flag_bits & _ENCRYPTED:
            raise GiveUpError(zip_reasons.encrypted(info.filename))
        if info.compress_type not in _METHODS:
            raise GiveUpError(zip_reasons.unsupported_compression(info.filename))
        if info.file_size > limits.ratio_from and (
            info.file_size > limits.ratio * max(1, info.compress_size)
        ):
            raise GiveUpError(zip_reasons.suspicious_ratio(info.filename, limits.ratio))
        if info.file_size > limits.file:
            raise GiveUpError(zip_reasons.file_too_large(info.filename, limits.file))
    if sum(info.file_size for info in infos) > limits.bundle:
        raise GiveUpError(zip_reasons.bundle_too_large(limits.bundle))


def _judge_places(infos: list[zipfile.ZipInfo], file: BinaryIO) -> None:
    """Refuse overlapping entries: a few bytes could be unpacked many times."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise GiveUpError(zip_reasons.overlapping(info.filename))
        end = info.header_offset + _LOCAL_BYTES + info.compress_size
    if end > file.seek(0, 2):
        raise GiveUpError(zip_reasons.truncated())


def _by_stem(infos: list[zipfile.ZipInfo], findings: FileFindings) -> dict[str, Entry]:
    """Map stems to files; a folder that contains all of them is left out of their names."""
    entries: dict[str, Entry] = {}
    folders = ["/".join(_parts(info)[:-1]) for info in infos]
    for info, folder in zip(infos, folders, strict=True):
        if folder != folders[0] or "/" in folder:
            raise GiveUpError(zip_reasons.nested_folders(info.filename))
        name = _parts(info)[-1]
        stem = name.casefold().removesuffix(".csv")
        stem = MISSPELT.get(stem, stem)
        if stem in entries:
            raise GiveUpError(zip_reasons.duplicate_file(name))
        if stem in SPELLING and name != f"{SPELLING[stem]}.csv":
            findings.note("file_name_spelling", field=name, found=name)
        elif stem not in SPELLING:
            findings.note("unknown_file", field=name, found=name)
        entries[stem] = Entry(name, info)
    if folders and folders[0]:
        findings.note("top_folder", found=folders[0])
    return entries


def _digest(entries: Mapping[str, Entry]) -> str:
    digest = hashlib.sha256()
    for stem, entry in sorted(entries.items()):
        digest.update(f"{stem}\x1f{entry.info.CRC}\x1f{entry.info.file_size}\n".encode())
    return digest.hexdigest()


def _newest(entries: Mapping[str, Entry]) -> str | None:
    """The time of the newest file, as archives store it: without a zone, to two seconds."""
    times = [entry.info.date_time for entry in entries.values()]
    newest = max((time for time in times if time > _NO_TIME), default=None)
    if newest is None:
        return None
    year, month, day, hour, minute, second = newest
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
