"""CSV as people's programs write it, read back to the same cells."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.bundles.csv_records import CsvRecord, find_delimiter, header_cells, read_records
from shared.bundles.encoding import read_lines
from shared.bundles.header import Header, read_header
from shared.bundles.manifest import read_manifest
from shared.bundles.repairs import FileFindings
from shared.domain.errors import GiveUpError
from shared.domain.roster.collection import CollectionStatus

HEADER = ["sourcedId", "status", "name"]
MARKS = {"utf-8-sig": b"", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}

# Letters of Windows-1252, each before a letter of ASCII, are never UTF-8 by accident.
western = st.lists(st.sampled_from("äöüßéñçøÅ"), max_size=4).map(lambda each: "x".join([*each, ""]))
plain = st.text(st.characters(codec="ascii", exclude_characters="\r\0"), max_size=8)
anything = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=8)


def read(contents: bytes) -> tuple[list[str], list[CsvRecord], set[str]]:
    """Header, records and the codes of what was repaired."""
    findings = FileFindings("orgs.csv")
    lines = read_lines(io.BytesIO(contents), "orgs.csv", findings)
    first = next(lines)
    delimiter = find_delimiter(first)
    records = list(read_records(lines, delimiter))
    return header_cells(first, delimiter), records, {each.code for each in findings.all()}


def write(rows: list[list[str]], encoding: str, delimiter: str, end: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerows([HEADER, *rows])
    contents = out.getvalue().replace("\n", end).encode(encoding)
    return MARKS.get(encoding, b"") + contents


@settings(deadline=None)
@example(rows=[], encoding="utf-8", delimiter=",", end="\r\n", chunk=22)
@given(
    rows=st.lists(st.tuples(plain, western, anything), max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"]),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    chunk=st.integers(8, 40),
)
def test_every_dialect_is_read_back_wherever_the_chunks_end(
    rows: list[tuple[str, str, str]], encoding: str, delimiter: str, end: str, chunk: int
) -> None:
    usual = encoding != "cp1252"
    given_rows = [[f"id-{n}", a + b, c if usual else a] for n, (a, b, c) in enumerate(rows)]
    contents = write(given_rows, encoding, delimiter, end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.bundles.encoding.CHUNK_BYTES", chunk)
        header, records, codes = read(contents)
    assert header == HEADER
    assert [record.cells for record in records] == given_rows
    if all(record.cells and "\n" not in "".join(record.cells) for record in records):
        assert [record.line for record in records] == list(range(2, len(records) + 2))
    expected = {"utf-8-sig": {"byte_order_mark"}, "utf-16-le": {"byte_order_mark", "utf_16"}}
    expected["utf-16-be"] = expected["utf-16-le"]
    if encoding == "cp1252":
        expected["cp1252"] = {"windows_1252"} if any(b for _, b, _ in rows) else set()
    assert codes == expected.get(encoding, set())


@pytest.mark.parametrize("chunk", range(8, 30))
def test_carriage_returns_alone_are_seen_wherever_the_chunks_end(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("shared.bundles.encoding.CHUNK_BYTES", chunk)
    _, records, codes = read(b"sourcedId,name\r1,Ann\r2,Bob\r")
    assert [record.cells for record in records] == [["1", "Ann"], ["2", "Bob"]]
    assert codes == {"carriage_returns"}


def test_text_of_two_encodings_is_read_each_by_itself() -> None:
    contents = b"sourcedId,name\n1,J\xc3\xbcrgen\n2,J\xfcrgen\n3,J\xc3\xbcrgen\n"
    _, records, codes = read(contents)
    assert [record.cells for record in records] == [[str(n), "Jürgen"] for n in (1, 2, 3)]
    assert codes == {"windows_1252"}


def test_carriage_returns_alone_end_lines() -> None:
    header, records, codes = read(b"sourcedId,name\r1,A\r2,B\r")
    assert header == ["sourcedId", "name"]
    assert [record.cells for record in records] == [["1", "A"], ["2", "B"]]
    assert codes == {"carriage_returns"}


def test_a_quote_that_is_never_closed_spoils_no_more_than_it_must() -> None:
    bad = '2,"never closed' + "x" * 200_000
    _, records, _ = read(("sourcedId,name\n1,A\n" + bad + "\n3,C\n").encode())
    assert [record.cells for record in records] == [["1", "A"], None, ["3", "C"]]


def test_a_file_without_line_ends_is_no_csv() -> None:
    with pytest.raises(GiveUpError) as raised:
        read(b"x" * 3_000_000)
    assert raised.value.reason.code == "line_too_long"


def header_of(*cells: str) -> tuple[Header, dict[str, str]]:
    findings = FileFindings("orgs.csv")
    header = read_header("orgs", "orgs.csv", list(cells), findings)
    return header, {each.code: each.field for each in findings.all()}


def test_columns_are_found_by_name_wherever_they_stand() -> None:
    header, codes = header_of("NAME", "type", "sourcedId", "metadata.x", "extra", "", " ")
    assert header.places == {"name": 0, "type": 1, "sourcedId": 2}
    assert (header.metadata, header.width, header.cells) == ({"x": 3}, 5, 7)
    assert codes == {
        "header_spelling": "name",
        "metadata_column": "metadata.x",
        "unknown_column": "extra",
        "blank_headers": "",
        "column_order": "",
    }


@pytest.mark.parametrize(
    ("cells", "code"),
    [(["sourcedId", "name", "type", "Name"], "column_twice"), (["name", "type"], "missing_column")],
)
def test_a_header_that_cannot_be_understood_is_said_so(cells: list[str], code: str) -> None:
    with pytest.raises(GiveUpError) as raised:
        header_of(*cells)
    assert raised.value.reason.code == code


def test_a_manifest_says_what_each_file_is() -> None:
    findings = FileFindings("manifest.csv")
    lines = [
        "propertyName,value\n",
        "manifest.version,1\n",
        "oneroster.version,1.2.1\n",
        "file.orgs,bulk\n",
        "file.users , Delta\n",
        "file.classes,absent\n",
        "file.courses,all\n",
        "source.systemName,SIS\n",
        "colour,blue\n",
        ",\n",
    ]
    manifest = read_manifest(lines, findings)
    assert (manifest.present, manifest.version) == (True, "1.2.1")
    assert manifest.files == {
        "orgs": CollectionStatus.COMPLETE,
        "users": CollectionStatus.DELTA,
        "classes": CollectionStatus.ABSENT,
        "courses": CollectionStatus.UNPROVEN,
    }
    assert manifest.status("enrollments") is CollectionStatus.UNPROVEN
    assert {(each.code, each.line) for each in findings.all()} == {
        ("manifest_version", 2),
        ("manifest_spelling", 5),
        ("manifest_mode", 7),
        ("manifest_property", 9),
    }
