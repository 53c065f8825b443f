"""Bundles from the drop to the roster, over in-memory stores: defects, deltas, suspicions."""

# ruff: noqa: E501  # rows of CSV files are long

import csv
import io
from collections.abc import Mapping
from datetime import timedelta

import pytest

from local.sample_district.bundle import csv_files, delta_files, pack, pack_into
from local.sample_district.evolution import with_user, without_users
from local.sample_district.roster import District, generate
from shared.domain.group.choices import SyncType, Tolerance
from shared.domain.group.group import GroupConfig
from shared.domain.ids import RunKey
from shared.domain.roster.collection import Collection
from shared.domain.roster.findings import MESSAGES
from shared.domain.run.results import RunEnd
from shared.domain.run.run import Mode, Run, RunState, Trigger
from shared.sync.ingest import stage_file
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation, config

ORGS, SESSIONS, COURSES, CLASSES, USERS, ENROLLMENTS = Collection


def zip_config(**changes: object) -> GroupConfig:
    return config(sync_type=SyncType.ZIP, connection=None, secrets={}, **changes)


def world(**changes: object) -> Simulation:
    return Simulation(group_config=zip_config(**changes))


def bring(world: Simulation, files: Mapping[str, bytes], name: str = "roster.zip") -> Run:
    """Drop a bundle, and let its run end."""
    world.drop(pack(files), f"{len(world.control.runs)}-{name}")
    world.settle()
    return world.control.runs[max(world.control.runs, key=lambda key: key.seq)]


def report(world: Simulation, run: Run) -> list[dict[str, str]]:
    text = world.objects.objects[f"reports/{GROUP}/{run.seq}/errors.csv"].decode()
    return list(csv.DictReader(io.StringIO(text)))


def people(world: Simulation) -> dict[str, dict[str, object]]:
    return {str(doc["sourcedId"]): doc for doc in world.docs(USERS).values()}


@pytest.fixture(scope="module")
def district() -> District:
    return generate(pupils=30)


# Each line with what is wrong with it; 1.1, told to be complete.
MANIFEST = """propertyName,propertyValue
manifest.version,1
oneroster.version,1.1
file.orgs,bulk
file.academicSessions,bulk
file.courses,BULK
file.classes,bulk
file.users,bulk
file.enrollments,bulk
file.results,bulk
file.demographics,
source.nonsense,x
nonsense,x
"""
ORGS_CSV = """SOURCEDID , Name,type,status,dateLastModified,identifier,parentSourcedId,metadata.x,colour,,
district,Größe,District ,active,2026-08-01,,,,,,
school,Schule,school,active,2026-08-01T06:00:00.000Z,,district,,,,
,Nameless,school,,,,,,,,
,,,,,,,,,,
"""
SESSIONS_CSV = """sourcedId;status;dateLastModified;title;type;startDate;endDate;parentSourcedId;schoolYear
year;;;Year;schoolYear;8/17/2026;6/12/2027;;2027
term;;;Term;semester;8/17/2026;12/18/2026;year;2027
"""
COURSES_CSV = """sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes
course,,,year,Course,,"09, 10",district,,
bad-ref,,,nowhere,Course,,,district,,
"""
CLASSES_CSV = """sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods
class,,,Class,9,course,,Scheduled,,school,"year,term",,,
no-school,,,Class,9,course,,scheduled,,nowhere,term,,,
wide,,,Class, with a comma,9,course,,scheduled,,school,term,,,
1.23E+05,,,Class,9,course,,scheduled,,school,term,,,
"""
USERS_CSV = """sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
ann,,,TRUE,school,student,ann,,Ann,Müller,,,ann.example,,,,9,
ben,,,1,school,STUDENT,,,Ben,Doe,,,ben@x.example,,,,9,
tom,,,true,school,teacher,tom,,Tom,Roe,,,,,,,,
tom-2,,,true,district,aide,TOM,,Tom,Roe,,,,,,,,
wiz,,,true,school,wizard,wiz,,W,Z,,,,,,,,
dup,,,true,school,student,dup,,Dup,Doe,,,,,,,9,
dup,,,true,school,student,dup,,Dup,Doe,,,,,,,9,
short,,,true,school,student,short,,Shorty,Doe
long,,,true,school,student,long,,Longy,Doe,,,long@x.example,,,,9,,,
moved,,,true,school,student,moved,,Moved, Jr,Doe,,,moved@x.example,,,,9,
,,,true,school,student,none,,No,Id,,,,,,,,
broken,,,true,school,student,"bro
ken",,Bro,Ken,,,,,,,,
"""
ENROLLMENTS_CSV = """sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
,,,class,school,ann,student,,2026-08-17 00:00:00,
e-2,,,class,school,ben,Student,,,
e-3,,,class,school,tom,teacher,true,,
e-4,,,class,school,nobody,student,,,
e-5,,,class,school,wiz,student,,,
e-6,,,class,school,dup,student,,2/3/2026,
"""


def test_one_of_every_defect() -> None:
    files = {
        "export/MANIFEST.csv": MANIFEST.encode(),
        "export/orgs.csv": ORGS_CSV.encode("utf-16"),
        "export/AcademicSessions.csv": SESSIONS_CSV.encode("utf-8-sig"),
        "export/courses.csv": COURSES_CSV.replace("\n", "\r").encode(),
        "export/classes.csv": CLASSES_CSV.replace("\n", "\r\n").encode(),
        "export/users.csv": USERS_CSV.encode("cp1252"),
        "export/enrollments.csv": ENROLLMENTS_CSV.encode(),
        "export/lineItems.csv": b"sourcedId\n1\n",
        "__MACOSX/x": b"",
    }
    one = world(max_rejected_percent=100)
    run = bring(one, files)
    assert (run.state, run.reason) == (RunState.SUCCEEDED, None)
    rows = report(one, run)
    assert all(row["message"] and row["fix"] for row in rows)

    warned = {(r["file"], r["code"], r["field"]) for r in rows if r["severity"] == "warning"}
    assert warned >= {
        ("bundle", "top_folder", ""),
        ("bundle", "stray_file", ""),
        ("bundle", "file_name_spelling", "AcademicSessions.csv"),
        ("MANIFEST.csv", "manifest_header", ""),
        ("MANIFEST.csv", "manifest_version", "manifest.version"),
        ("MANIFEST.csv", "manifest_spelling", "file.courses"),
        ("MANIFEST.csv", "manifest_mode", "file.demographics"),
        ("MANIFEST.csv", "manifest_property", "nonsense"),
        ("MANIFEST.csv", "file_missing", "file.results"),
        ("orgs.csv", "byte_order_mark", ""),
        ("orgs.csv", "utf_16", ""),
        ("orgs.csv", "header_spelling", "sourcedId"),
        ("orgs.csv", "header_spelling", "name"),
        ("orgs.csv", "column_order", ""),
        ("orgs.csv", "metadata_column", "metadata.x"),
        ("orgs.csv", "unknown_column", "colour"),
        ("orgs.csv", "blank_headers", ""),
        ("orgs.csv", "status_in_bulk", "status"),
        ("orgs.csv", "date_time_format", "dateLastModified"),
        ("orgs.csv", "term_spelling", "type"),
        ("orgs.csv", "blank_row", ""),
        ("AcademicSessions.csv", "delimiter", ""),
        ("AcademicSessions.csv", "date_order", "startDate"),
        ("AcademicSessions.csv", "date_order", "endDate"),
        ("courses.csv", "carriage_returns", ""),
        ("courses.csv", "list_spaces", "grades"),
        ("courses.csv", "reference_unresolved", "schoolYear"),
        ("classes.csv", "term_spelling", "classType"),
        ("users.csv", "windows_1252", ""),
        ("users.csv", "boolean_spelling", "enabledUser"),
        ("users.csv", "term_spelling", "role"),
        ("users.csv", "blank_username", "username"),
        ("users.csv", "bad_email", "email"),
        ("users.csv", "duplicate_row_identical", "sourcedId"),
        ("users.csv", "row_too_short", ""),
        ("users.csv", "blank_cells", ""),
        ("users.csv", "staff_merged", "username"),
        ("enrollments.csv", "enrollment_without_id", "sourcedId"),
        ("enrollments.csv", "date_with_time", "beginDate"),
        ("enrollments.csv", "term_spelling", "role"),
        ("enrollments.csv", "ambiguous_date", "beginDate"),
    }
    bad = {(r["file"], r["line"], r["field"], r["code"]) for r in rows if r["severity"] == "error"}
    assert bad == {
        ("orgs.csv", "4", "sourcedId", "missing_sourced_id"),
        ("classes.csv", "3", "school", "reference_unresolved"),
        ("classes.csv", "4", "", "row_too_wide"),
        ("classes.csv", "5", "sourcedId", "spreadsheet_id"),
        ("users.csv", "6", "role", "unknown_role"),
        ("users.csv", "11", "", "row_too_wide"),
        ("users.csv", "12", "sourcedId", "missing_sourced_id"),
        ("users.csv", "13", "", "line_break"),
        ("enrollments.csv", "5", "user", "reference_unresolved"),
        ("enrollments.csv", "6", "user", "reference_rejected"),
    }
    names = {str(doc["name"]) for doc in one.docs(ORGS).values()}
    assert names == {"Größe", "Schule"}
    assert {doc["sourcedId"] for doc in one.docs(CLASSES).values()} == {"class"}
    assert people(one).keys() == {"ann", "ben", "tom", "dup", "short", "long"}
    assert people(one)["ann"]["familyName"] == "Müller"
    assert "email" not in people(one)["ann"]
    [year] = [doc for doc in one.docs(SESSIONS).values() if doc["title"] == "Year"]
    assert (year["startDate"], year["endDate"]) == ("2026-08-17", "2027-06-12")
    assert len(one.docs(ENROLLMENTS)) == 4
    # Nobody's data stands in the report beyond what may.
    assert not any("Müller" in value for row in rows for value in row.values())


def test_every_code_that_readers_note_is_explained() -> None:
    one = world(max_rejected_percent=100)
    run = bring(one, {"orgs.csv": ORGS_CSV.encode(), "users.csv": USERS_CSV.encode()})
    assert {row["code"] for row in report(one, run)} <= MESSAGES.keys()


def test_four_files_without_a_manifest_load_whole(district: District) -> None:
    files = csv_files(district, "1.1")
    few = {f"{name}.csv": files[f"{name}.csv"] for name in ("users", "orgs", "classes")}
    one = world()
    run = bring(one, few | {"enrollments.csv": files["enrollments.csv"]})
    assert run.state is RunState.SUCCEEDED
    created = {name: counts.created for name, counts in run.counts.items()}
    expected = district.counts()
    assert created == expected | {"courses": 0, "academicSessions": 0}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_delta_on_top_of_a_bulk_load(district: District, version: str) -> None:
    one = world()
    bring(one, csv_files(district, version))
    before = people(one)
    pupil, leaver, *_ = [u.sourced_id for u in district.users if u.role == "student"]
    after = without_users(with_user(district, pupil, given_name="Renamed"), [leaver])
    run = bring(one, delta_files(district, after, version, "2026-09-01T06:00:00.000Z"))
    assert (run.state, run.reason) == (RunState.SUCCEEDED, None)
    assert run.counts["users"].updated == 1
    assert run.counts["users"].rejected == 0
    assert people(one)[pupil]["givenName"] == "Renamed"
    # What a delta does not speak of is there as before; what it deletes waits.
    untouched = before.keys() - {pupil}
    assert {key: people(one)[key] for key in untouched} == {key: before[key] for key in untouched}
    states = list(one.held(USERS).values())
    assert states.count("pending") == 1
    assert {"current"} == set(one.held(CLASSES).values())


def test_a_manifest_that_says_absent_deletes_nothing(district: District) -> None:
    one = world()
    files = csv_files(district, "1.1")
    bring(one, files)
    manifest = files["manifest.csv"].replace(b"file.users,bulk", b"file.users,absent")
    run = bring(one, files | {"manifest.csv": manifest})
    assert run.state is RunState.SUCCEEDED
    assert set(one.held(USERS).values()) == {"current"}
    assert "file_said_absent" in [row["code"] for row in report(one, run)]


def test_roles_change_in_a_delta_without_their_users(district: District) -> None:
    one = world()
    bring(one, csv_files(district, "1.2"))
    teacher = next(user for user in district.users if user.role == "teacher")
    org = teacher.orgs[0]
    role = f"{teacher.sourced_id}-at-{org}"
    header = (
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,"
        "orgSourcedId,userProfileSourcedId\n"
    )
    line = f"{role},active,2026-09-01T06:00:00.000Z,{teacher.sourced_id},primary,aide,,,{org},\n"
    bad = f"x,active,2026-09-01T06:00:00.000Z,{teacher.sourced_id},primary,wizard,,,{org},\n"
    manifest = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.roles,delta\n"
    files = {"roles.csv": (header + line + bad).encode(), "manifest.csv": manifest.encode()}
    one.group.config = zip_config(max_rejected_percent=50)
    run = bring(one, files)
    assert (run.state, run.reason) == (RunState.SUCCEEDED, None)
    assert run.counts["users"].updated == 1
    roles = people(one)[teacher.sourced_id]["roles"]
    assert isinstance(roles, list)
    assert [each["role"] for each in roles] == ["aide", *[teacher.role] * (len(teacher.orgs) - 1)]
    [row] = [row for row in report(one, run) if row["severity"] == "error"]
    assert (row["file"], row["line"], row["field"]) == ("roles.csv", "3", "role")


def test_leading_zeros_that_a_spreadsheet_took_are_no_deletion(district: District) -> None:
    ids = {user.sourced_id: f"00{n}" for n, user in enumerate(district.users, start=100)}
    text = {name: data.decode() for name, data in csv_files(district, "1.1").items()}

    def renamed(names: Mapping[str, str]) -> dict[str, bytes]:
        files = {}
        for name, contents in text.items():
            rows = list(csv.reader(io.StringIO(contents)))
            swapped = [[names.get(cell, cell) for cell in row] for row in rows]
            out = io.StringIO()
            csv.writer(out).writerows(swapped)
            files[name] = out.getvalue().encode()
        return files

    one = world()
    bring(one, renamed(ids))
    one.group.config = zip_config(max_rejected_percent=100)
    run = bring(one, renamed({key: value.lstrip("0") for key, value in ids.items()}))
    assert run.state is RunState.SUCCEEDED
    assert run.counts["users"].created == 0
    assert "leading_zeros_lost" in [row["code"] for row in report(one, run)]
    assert "pending" not in {*one.held(USERS).values(), *one.held(ENROLLMENTS).values()}


def test_bulk_that_looks_like_a_delta_is_one(district: District) -> None:
    one = world()
    files = csv_files(district, "1.1")
    bring(one, files)
    header, first, *_ = files["users.csv"].decode().splitlines()
    cells = first.split(",")
    cells[1:3] = ["active", "2026-09-01T06:00:00.000Z"]
    few = f"{header}\r\n{','.join(cells)}\r\n".encode()
    run = bring(one, files | {"users.csv": few})
    assert "taken_as_delta" in [notice.code for notice in run.notices]
    assert "pending" not in one.held(USERS).values()


def test_too_many_bad_rows_stop_the_run_before_any_change(district: District) -> None:
    one = world(max_rejected_percent=20)
    files = csv_files(district, "1.1")
    bad = files["users.csv"].replace(b",student,", b",wizard,")
    run = bring(one, files | {"users.csv": bad})
    assert run.reason is not None
    assert (run.state, run.reason.code) == (RunState.FAILED, "too_many_rejected")
    assert one.roster.writes == 0
    assert "unknown_role" in [row["code"] for row in report(one, run)]


def test_a_strict_group_repairs_nothing(district: District) -> None:
    one = world(tolerance=Tolerance.STRICT)
    files = csv_files(district, "1.1")
    assert bring(one, files).state is RunState.SUCCEEDED
    run = bring(one, files | {"orgs.csv": b"\xef\xbb\xbf" + files["orgs.csv"]})
    assert run.reason is not None
    assert (run.state, run.reason.code) == (RunState.FAILED, "not_strict")


def test_an_older_bundle_is_held_unless_it_is_meant(district: District) -> None:
    def at(day: int, name: str) -> bytes:
        out = io.BytesIO()
        pupil = next(user.sourced_id for user in district.users if user.role == "student")
        files = csv_files(with_user(district, pupil, given_name=name), "1.1")
        pack_into(out, files, packed_at=(2026, 9, day, 6, 0, 0))
        return out.getvalue()

    one = world()
    one.drop(at(2, "New"), "1.zip")
    one.settle()
    one.drop(at(1, "Old"), "2.zip")
    one.settle()
    held = max(one.control.runs.values(), key=lambda run: run.seq)
    assert held.reason is not None
    assert (held.state, held.reason.code) == (RunState.HELD, "bundle_older")
    one.drop(at(1, "Old"), "sync/older/3.zip")
    one.settle()
    assert max(one.control.runs.values(), key=lambda run: run.seq).state is RunState.SUCCEEDED
    assert "Old" in [doc["givenName"] for doc in people(one).values()]


def test_a_bundle_whose_turn_was_told_to_nobody_begins_by_the_clock(district: District) -> None:
    one = world()
    one.request()
    one.drop(pack(csv_files(district, "1.1")))
    assert one.group.waiting == (2,)
    # The run before it ends, and the message of that is lost.
    one.queue.messages.clear()
    one.control.close(RunKey(ENTERPRISE, GROUP, 1), one.now, RunEnd(RunState.FAILED))
    one.tick(timedelta(hours=1))
    one.settle()
    run = one.control.runs[RunKey(ENTERPRISE, GROUP, 2)]
    assert (run.state, run.trigger) == (RunState.SUCCEEDED, Trigger.DROP)


def test_a_bundle_read_over_many_legs_is_staged_whole(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, whole = world(), world()
    files = csv_files(district, "1.2")
    assert bring(whole, files).state is RunState.SUCCEEDED
    # Legs end at every opportunity.
    one.leg = timedelta(seconds=0)
    monkeypatch.setattr(stage_file, "ROWS_BETWEEN_CHECKS", 50)
    run = bring(one, files)
    assert (run.state, run.reason) == (RunState.SUCCEEDED, None)
    assert run.leg > 5
    assert people(one) == people(whole)
    assert one.docs(ENROLLMENTS) == whole.docs(ENROLLMENTS)


@pytest.mark.parametrize("kind", ["header only", "no file", "said absent", "no manifest"])
def test_a_file_that_proves_nothing_deletes_nobody(district: District, kind: str) -> None:
    one = world()
    files = csv_files(district, "1.1")
    assert bring(one, files).state is RunState.SUCCEEDED
    before = {collection: one.docs(collection) for collection in Collection}
    broken = dict(files)
    if kind == "header only":
        broken["users.csv"] = files["users.csv"].splitlines(keepends=True)[0]
    elif kind == "no file":
        del broken["users.csv"]
    elif kind == "said absent":
        del broken["users.csv"]
        broken["manifest.csv"] = files["manifest.csv"].replace(
            b"file.users,bulk", b"file.users,absent"
        )
    else:
        del broken["manifest.csv"]
        broken["users.csv"] = b"".join(files["users.csv"].splitlines(keepends=True)[:-5])
    one.drop(pack(broken), "update/x.zip")
    one.settle()
    run = max(one.control.runs.values(), key=lambda each: each.seq)
    assert run.mode is Mode.UPDATE
    said = [run.reason.code] if run.reason else [notice.code for notice in run.notices]
    assert "nothing_gone" in said
    assert {collection: one.docs(collection) for collection in Collection} == before


def test_an_update_by_bundle_deletes_who_has_left(district: District) -> None:
    one = world()
    assert bring(one, csv_files(district, "1.2")).state is RunState.SUCCEEDED
    pupil = next(user.sourced_id for user in district.users if user.role == "student")
    left = without_users(district, [pupil])
    one.drop(pack(csv_files(left, "1.2")), "update/x.zip")
    one.settle()
    run = max(one.control.runs.values(), key=lambda each: each.seq)
    assert (run.state, run.counts["users"].deleted) == (RunState.SUCCEEDED, 1)
    assert pupil not in people(one)


def test_a_preview_is_planned_each_time_and_loads_nothing(district: District) -> None:
    def at(day: int, which: District) -> bytes:
        out = io.BytesIO()
        pack_into(out, csv_files(which, "1.1"), packed_at=(2026, 9, day, 6, 0, 0))
        return out.getvalue()

    def drop(bundle: bytes, name: str) -> Run:
        one.drop(bundle, name)
        one.settle()
        return max(one.control.runs.values(), key=lambda each: each.seq)

    one = world()
    drop(at(1, district), "1.zip")
    pupil = next(user.sourced_id for user in district.users if user.role == "student")
    left = without_users(district, [pupil])
    for name in ("preview/1.zip", "preview/2.zip"):
        shown = drop(at(3, left), name)
        assert (shown.state, shown.counts["users"].deleted) == (RunState.SUCCEEDED, 1)
    # The bundle of the preview was not loaded: an older one than that is not old.
    assert drop(at(2, left), "update/2.zip").counts["users"].deleted == 1
