"""Each limit of a bundle with a real file that breaks it."""

import io
import struct
import tracemalloc
import zipfile
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bundles.zip_container import Container, Limits, open_container
from shared.domain.errors import GiveUpError

CSV = b"sourcedId,name\r\n1,One\r\n"


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, contents in files.items():
            archive.writestr(name, contents)
    return out.getvalue()


def opened(data: bytes, **limits: Any) -> Container:
    return open_container(io.BytesIO(data), Limits(**limits) if limits else None)


def refused(data: bytes, **limits: Any) -> str:
    with pytest.raises(GiveUpError) as caught:
        opened(data, **limits)
    assert len(caught.value.reason.message) > 40
    return caught.value.reason.code


def read(container: Container, stem: str) -> bytes:
    blocks = []
    with container.open(stem) as stream:
        while block := stream.read(1000):
            blocks.append(block)
    return b"".join(blocks)


def patched(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """The same file with other bytes in its first header of a kind."""
    at = data.index(signature) + offset
    return data[:at] + value + data[at + len(value) :]


def test_what_is_no_zip() -> None:
    assert refused(CSV) == "not_a_zip"
    assert refused(b"") == "not_a_zip"


def test_a_zip_that_ends_in_the_middle() -> None:
    whole = packed({"orgs.csv": CSV * 100, "users.csv": CSV})
    assert refused(whole[: len(whole) // 2]) == "truncated_zip"
    assert refused(whole[:-10]) == "truncated_zip"


def test_too_many_entries_are_refused_by_the_archives_own_word() -> None:
    many = packed({f"{n}.csv": b"" for n in range(40)})
    assert refused(many, entries=39) == "too_many_entries"
    assert len(opened(many, entries=40).entries) == 40
    # The word of the record at the end counts before the directory is read.
    assert refused(packed({"orgs.csv": CSV}), directory=20) == "too_many_entries"


def test_sizes_of_one_file_and_of_all() -> None:
    data = packed({"orgs.csv": CSV * 10, "users.csv": CSV * 10})
    assert refused(data, file=len(CSV) * 10 - 1) == "file_too_large"
    assert refused(data, bundle=len(CSV) * 20 - 1) == "bundle_too_large"
    assert opened(data, file=len(CSV) * 10, bundle=len(CSV) * 20).entries


def test_10_gb_out_of_10_mb_are_refused_at_once_and_in_little_memory() -> None:
    data = bomb(10 * 1024**3)
    assert len(data) < 12 * 1024**2
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        file = io.BytesIO(data)
        with pytest.raises(GiveUpError) as caught:
            open_container(file)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert caught.value.reason.code == "suspicious_ratio"
    # The archive itself is in memory here, once more as the file that is read.
    assert peak < 16 * 1024**2


def test_a_bomb_whose_headers_lie_ends_where_it_said_it_would() -> None:
    data = bomb(64 * 1024**2, claimed=100_000)
    container = opened(data)
    with pytest.raises(GiveUpError) as caught:
        read(container, "users")
    assert caught.value.reason.code == "bad_crc"


def bomb(size: int, claimed: int | None = None) -> bytes:
    """A zip with one file of ``size`` noughts; its headers may claim another size.

    The deflated form of noughts repeats, so that nothing of that size is ever made.
    """
    block = bytes(1024**2)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packer.compress(block)
    packer.flush(zlib.Z_FULL_FLUSH)
    one = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    last = packer.compress(b"") + packer.flush(zlib.Z_FINISH)
    body = one * (size // len(block)) + last
    name, said = b"users.csv", claimed or size
    extra = struct.pack("<HHQQ", 1, 16, said, len(body))
    sizes = struct.pack("<III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
    local = struct.pack("<4sHHHHH", b"PK\x03\x04", 45, 0, 8, 0, 0x21) + sizes
    local += struct.pack("<HH", len(name), len(extra)) + name + extra
    central = struct.pack("<4sHHHHHH", b"PK\x01\x02", 45, 45, 0, 8, 0, 0x21) + sizes
    central += struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, 0) + name + extra
    start = len(local) + len(body)
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), start, 0)
    return local + body + central + end


def test_a_zip_in_a_zip() -> None:
    assert (
        refused(packed({"orgs.csv": CSV, "more.zip": packed({"users.csv": CSV})})) == "nested_zip"
    )


@pytest.mark.parametrize(
    "names", [("orgs.csv", "a/users.csv"), ("a/orgs.csv", "b/users.csv"), ("a/b/orgs.csv",)]
)
def test_files_in_several_folders(names: tuple[str, ...]) -> None:
    assert refused(packed(dict.fromkeys(names, CSV))) == "nested_folders"


def test_an_encrypted_file() -> None:
    data = packed({"orgs.csv": CSV})
    assert refused(patched(data, b"PK\x01\x02", 8, b"\x01\x00")) == "encrypted_zip"


def test_one_file_twice_in_whatever_case() -> None:
    assert refused(packed({"orgs.csv": CSV, "ORGS.csv": CSV})) == "duplicate_file"


@pytest.mark.parametrize(
    "name", ["/etc/orgs.csv", "../orgs.csv", "a/../../orgs.csv", "C:/orgs.csv",
             "..\\orgs.csv", "\\orgs.csv", "or\x07gs.csv"],
)  # fmt: skip
def test_names_that_lead_elsewhere(name: str) -> None:
    assert refused(packed({name: CSV})) == "unsafe_name"


def test_an_unusual_way_of_packing() -> None:
    data = packed({"orgs.csv": CSV}, zipfile.ZIP_BZIP2)
    assert refused(data) == "unsupported_compression"


def test_files_that_share_bytes() -> None:
    data = packed({"orgs.csv": CSV, "users.csv": CSV})
    second = data.rindex(b"PK\x01\x02")
    assert refused(data[: second + 42] + b"\0\0\0\0" + data[second + 46 :]) == "overlapping_entries"


def test_a_wrong_checksum_and_contents_that_cannot_be_unpacked() -> None:
    data = packed({"orgs.csv": CSV}, zipfile.ZIP_STORED)
    at = data.index(CSV)
    with pytest.raises(GiveUpError) as caught:
        read(opened(data[:at] + b"X" + data[at + 1 :]), "orgs")
    assert caught.value.reason.code == "bad_crc"
    assert "orgs.csv" in caught.value.reason.message
    deflated = packed({"orgs.csv": CSV * 50})
    at = deflated.index(b"orgs.csv") + len("orgs.csv")
    with pytest.raises(GiveUpError) as caught:
        read(opened(deflated[:at] + b"\xff\xff\xff\xff" + deflated[at + 4 :]), "orgs")
    assert caught.value.reason.code == "damaged_file"


def test_what_is_tolerated_is_said() -> None:
    container = opened(
        packed(
            {
                "export/ACADEMICSESSIONS.CSV": CSV,
                "export/orgs.csv": CSV,
                "export/.hidden": b"",
                "__MACOSX/export/._orgs.csv": b"",
                "export/readme.txt": b"",
                "export/unheard.csv": CSV,
            }
        )
    )
    assert set(container.entries) == {"academicsessions", "orgs", "unheard"}
    found = {(finding.code, finding.found, finding.count) for finding in container.findings}
    assert found == {
        ("stray_file", ".hidden", 3),
        ("file_name_spelling", "ACADEMICSESSIONS.CSV", 1),
        ("unknown_file", "unheard.csv", 1),
        ("top_folder", "export", 1),
    }


def test_equal_contents_have_one_digest_however_they_are_packed() -> None:
    files = {"orgs.csv": CSV, "users.csv": CSV * 2}
    digest = opened(packed(files)).digest
    turned = {f"x/{name}": files[name] for name in reversed(files)}
    assert opened(packed(turned, zipfile.ZIP_STORED)).digest == digest
    assert opened(packed(files | {"users.csv": CSV * 3})).digest != digest


@given(st.dictionaries(st.sampled_from(["orgs", "users", "roles"]), st.binary(max_size=5000)))
def test_what_was_packed_is_read(files: dict[str, bytes]) -> None:
    container = opened(packed({f"{stem}.csv": contents for stem, contents in files.items()}))
    assert {stem: read(container, stem) for stem in container.entries} == files
