"""What a broken row hides: a whole bundle, then one with a single fault, in mode ``update``."""

import csv
import io
from collections.abc import Callable, Mapping

import pytest

from local.sample_district.bundle import csv_files, pack
from local.sample_district.roster import generate
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Run, RunState
from tests.fakes.simulation import GROUP, Simulation
from tests.unit.test_bundle_runs import bring, report, world

ORGS, SESSIONS, COURSES, CLASSES, USERS, ENROLLMENTS = Collection
Files = dict[str, bytes]
WHOLE: Files = csv_files(generate(pupils=30), "1.1")


def lines(name: str, files: Mapping[str, bytes] = WHOLE) -> list[bytes]:
    return files[name].splitlines(keepends=True)


def with_lines(name: str, changed: list[bytes]) -> Files:
    return {name: b"".join(changed)}


def quoted(name: str, column: str, value: str) -> Files:
    """The whole files, with one value of the third row written as it stands."""
    header, *rows = csv.reader(io.StringIO(WHOLE[name].decode()))
    text = lines(name)
    row = rows[2]
    row[header.index(column)] = "\0"
    out = io.StringIO()
    csv.writer(out).writerow(row)
    text[3] = out.getvalue().replace("\0", value).encode()
    return with_lines(name, text)


def cut_in_the_last_row() -> Files:
    *kept, last = lines("users.csv")[:-8]
    return with_lines("users.csv", [*kept, last[:20]])


def short_row() -> Files:
    text = lines("users.csv")
    del text[-3:]
    text[4] = text[4].rstrip().rpartition(b",")[0].rpartition(b",")[0] + b"\r\n"
    return with_lines("users.csv", text)


def two_spreadsheet_ids() -> Files:
    text = lines("users.csv")
    for at in (2, 3):
        text[at] = b'"1,23457E+11"' + text[at][text[at].index(b",") :]
    return with_lines("users.csv", text)


def control_character() -> Files:
    text = lines("users.csv")
    text[4] = text[4][:1] + b"\x07" + text[4][1:]
    return with_lines("users.csv", text)


def control_character_in_a_reference() -> Files:
    text = lines("enrollments.csv")
    cells = text[4].split(b",")
    cells[0], cells[5] = b"", cells[5] + b"\x07"
    text[4] = b",".join(cells)
    return with_lines("enrollments.csv", text)


def update(one: Simulation, files: Mapping[str, bytes]) -> Run:
    one.drop(pack(files), f"update/{len(one.control.runs)}.zip")
    one.settle()
    return max(one.control.runs.values(), key=lambda each: each.seq)


def rosters(one: Simulation) -> dict[Collection, dict[str, dict[str, object]]]:
    return {collection: one.docs(collection) for collection in Collection}


HIDING: dict[str, tuple[Callable[[], Files], str, str]] = {
    "a quote never closed": (
        lambda: quoted("users.csv", "givenName", '"Never'), "4", "unreadable_row",
    ),
    "quotes inside": (
        lambda: quoted("users.csv", "givenName", '"Ivo "Iggy" Max"'), "4", "unreadable_row",
    ),
    "quotes that shift": (
        lambda: quoted("classes.csv", "title", '"Science 8,"07,08"'), "4", "unreadable_row",
    ),
    "a line break": (
        lambda: quoted("users.csv", "givenName", '"One\r\nTwo"'), "4", "line_break",
    ),
    "a comma without quotes": (
        lambda: quoted("users.csv", "givenName", "Given, Jr"), "4", "row_too_wide",
    ),
    "the file ends in a row": (cut_in_the_last_row, "", "cut_off"),
    "a row without its last columns": (short_row, "5", "row_too_short"),
    "a spreadsheet's ids": (two_spreadsheet_ids, "3", "spreadsheet_id"),
    "a control character in an id": (control_character, "5", "bad_characters"),
    "one in a reference": (control_character_in_a_reference, "5", "reference_unresolved"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HIDING)
def test_nobody_whom_a_broken_row_may_hide_is_gone(kind: str) -> None:
    make, line, code = HIDING[kind]
    [(name, contents)] = make().items()
    one = world(max_rejected_percent=100)
    bring(one, WHOLE)
    before = rosters(one)
    # Who is no longer in the file may stand in what cannot be read.
    missing = len(lines(name)) - len(contents.splitlines())
    run = update(one, WHOLE | {name: contents})
    assert run.state is RunState.SUCCEEDED
    assert rosters(one) == before, missing
    line = line or str(len(contents.splitlines()))
    found = {(row["file"], row["line"]) for row in report(one, run) if row["code"] == code}
    assert (name, line) in found
    said = [each.message for each in run.notices if each.code == "nothing_gone"]
    assert any(f"line {line} of {name}" in message for message in said)


@pytest.mark.parametrize("kind", ["a quote never closed", "quotes inside", "a line break"])
def test_once_the_row_is_mended_the_file_proves_absences_again(kind: str) -> None:
    one = world()
    bring(one, WHOLE)
    update(one, WHOLE | HIDING[kind][0]())
    run = update(one, WHOLE | with_lines("enrollments.csv", lines("enrollments.csv")[:-1]))
    assert (run.counts["users"].rejected, run.notices) == (0, ())
    assert set(one.held(USERS).values()) == {"current"}
    assert run.counts["enrollments"].deleted == 1


def test_a_last_row_without_a_line_end_is_a_row() -> None:
    one = world()
    bring(one, WHOLE)
    run = update(one, WHOLE | {"users.csv": WHOLE["users.csv"].rstrip()})
    assert (run.state, run.notices) == (RunState.SUCCEEDED, ())
    assert not report_codes(one, run)


def report_codes(one: Simulation, run: Run) -> set[str]:
    if f"reports/{GROUP}/{run.seq}/errors.csv" not in one.objects.objects:
        return set()
    return {row["code"] for row in report(one, run)}


def ruled() -> Files:
    header, *rows = lines("orgs.csv")
    rule = b",".join(b"-" * 8 for _ in header.split(b",")) + b"\r\n"
    count = b"(%d rows affected)\r\n" % len(rows)
    return with_lines("orgs.csv", [header, rule, *rows, count])


REPAIRED: dict[str, tuple[Files, str]] = {
    "what sqlcmd prints": (ruled(), "printed_line"),
    "Excel's first line": ({"users.csv": b"sep=,\r\n" + WHOLE["users.csv"]}, "separator_line"),
    "DOS's last character": ({"users.csv": WHOLE["users.csv"] + b"\x1a"}, "dos_end"),
}


@pytest.mark.parametrize("kind", REPAIRED)
def test_what_programs_add_is_no_record_and_hides_none(kind: str) -> None:
    files, code = REPAIRED[kind]
    one = world()
    bring(one, WHOLE)
    before = rosters(one)
    run = update(one, WHOLE | files)
    assert (run.state, run.notices) == (RunState.SUCCEEDED, ())
    assert rosters(one) == before
    assert report_codes(one, run) == {code}


def test_the_lines_after_excels_first_line_are_counted_with_it() -> None:
    one = world()
    bring(one, WHOLE)
    [(name, contents)] = HIDING["quotes inside"][0]().items()
    run = update(one, WHOLE | {name: b"sep=,\r\n" + contents})
    [row] = [row for row in report(one, run) if row["severity"] == "error"]
    assert (row["line"], row["consequence"]) == ("5", "kept as before")


def test_a_manifest_with_a_stray_return_proves_nothing_of_that_file() -> None:
    one = world()
    bring(one, WHOLE)
    before = rosters(one)
    manifest = WHOLE["manifest.csv"].replace(b"file.users,bulk", b"file.users,bulk\rx")
    fewer = with_lines("users.csv", lines("users.csv")[:-4])
    run = update(one, WHOLE | fewer | {"manifest.csv": manifest})
    assert run.state is RunState.SUCCEEDED
    assert rosters(one)[USERS] == before[USERS]
    assert {"manifest_line", "file_not_named"} <= report_codes(one, run)


def test_a_manifest_alone_says_that_nothing_changed() -> None:
    one = world()
    bring(one, WHOLE)
    before = rosters(one)
    alone = b"propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.1\r\n"
    run = update(one, {"manifest.csv": alone})
    assert (run.state, run.reason) == (RunState.SUCCEEDED, None)
    assert rosters(one) == before


def test_a_manifest_whose_files_are_all_missing_is_no_delivery() -> None:
    one = world()
    bring(one, WHOLE)
    run = update(one, {"manifest.csv": WHOLE["manifest.csv"]})
    assert run.reason is not None
    assert (run.state, run.reason.code) == (RunState.FAILED, "no_roster_files")


def test_folders_as_older_versions_of_windows_write_them() -> None:
    one = world()
    run = bring(one, {f"roster\\{name}": contents for name, contents in WHOLE.items()})
    assert run.state is RunState.SUCCEEDED
    assert len(one.docs(CLASSES)) == len(lines("classes.csv")) - 1
