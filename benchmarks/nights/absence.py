"""Nights on which something is missing: what is gone, and what only seems so."""

from dataclasses import replace

from benchmarks.nights.changes import (
    changed_enrollments,
    half,
    joined,
    like,
    moved,
    rooms_of_user,
    without_school,
)
from benchmarks.nights.districts import (
    ids,
    pupils_of,
    rooms_of,
    schools_of,
    small,
    teachers_of,
)
from benchmarks.nights.story import (
    BOTH_RESTS,
    ONLY_REST,
    Family,
    Night,
    Size,
    Story,
    Truth,
    mistake,
    one,
)
from local.sample_district.evolution import (
    renumber_enrollments,
    with_records,
    without_records,
    without_users,
)
from local.sample_district.quirks import Quirks
from local.sample_district.records import District

FAMILY = Family("Who is missing")
SMALL_AND_MIDDLE = (Size.SMALL, Size.MIDDLE)


@FAMILY.night("Thirty pupils change class; each row keeps its id.", ordinary=True)
def _moved_in_their_rows(d: District) -> Story:
    return one(d, moved(d, ids(pupils_of(d)[::20]), new_rows=False))


@FAMILY.night(
    "A pupil changes class in a row that keeps its id; the next night that row gets an end.",
    ordinary=True,
)
def _moved_then_ended(d: District) -> Story:
    pupil = pupils_of(d)[10].sourced_id
    there = moved(d, [pupil], new_rows=False)
    [row] = set(there.enrollments) - set(d.enrollments)
    ended = with_records(there, "enrollments", replace(row, end="2026-09-02"))
    return Story((Night(there), Night(ended)), d)


@FAMILY.night(
    "The export numbers its enrollments from 1 every night; ten pupils change class.",
    ordinary=True,
)
def _numbered_anew(d: District) -> Story:
    begins = renumber_enrollments(d)
    return one(begins, renumber_enrollments(moved(d, ids(pupils_of(d)[:10]), new_rows=True)))


@FAMILY.night(
    "The export numbers its enrollments from 1; a new pupil at the top shifts all the numbers.",
    sizes=SMALL_AND_MIDDLE,
    ordinary=True,
)
def _numbers_shift(d: District) -> Story:
    first = pupils_of(d)[0]
    more = joined(d, like(first, "pupil-000000"), *rooms_of_user(d, first.sourced_id))
    return one(renumber_enrollments(d), renumber_enrollments(more))


def _no_single_records(status: int, says: str) -> None:
    @FAMILY.night(
        f"A pupil leaves and another comes; asked for one record, the server says {says}.",
        sizes=SMALL_AND_MIDDLE,
        ways=ONLY_REST,
        ordinary=True,
    )
    def tell(d: District) -> Story:
        first, last = pupils_of(d)[0], pupils_of(d)[-1]
        left = without_users(d, [last.sourced_id])
        next_one = like(first, "pupil-900001")
        there = joined(left, next_one, *rooms_of_user(d, first.sourced_id))
        night = Night(there, quirks=Quirks(no_single_records=status))
        return Story((night,), d)


for _status, _says in (
    (404, "404 to every id"), (405, "405"), (403, "403"), (500, "500"), (501, "501"),
    (200, "200 with an empty object"),
):  # fmt: skip
    _no_single_records(_status, _says)


@FAMILY.night("Five pupils are missing from the users, but not from their classes.")
def _users_missing(d: District) -> Story:
    gone = ids(pupils_of(d)[:5])
    return mistake(d, without_records(d, "users", gone))


@FAMILY.night("Half of the users are missing, but not from their classes.", sizes=SMALL_AND_MIDDLE)
def _half_of_the_users(d: District) -> Story:
    return mistake(d, without_records(d, "users", ids(half(pupils_of(d)))))


@FAMILY.night("Three classes are missing, but not their pupils' memberships.")
def _classes_missing(d: District) -> Story:
    return mistake(d, without_records(d, "classes", ids(d.classes[:3])))


@FAMILY.night("One class of two is missing, but not its pupils' memberships.", sizes=[Size.SMALL])
def _class_missing(d: District) -> Story:
    return mistake(d, without_records(d, "classes", ids(d.classes[:1])))


@FAMILY.night("A school is missing from the orgs, but its classes and people are there.")
def _org_missing(d: District) -> Story:
    return mistake(d, without_records(d, "orgs", schools_of(d)[:1]))


@FAMILY.night("Three schools are missing from the orgs, but not their people, and then return.")
def _orgs_missing(d: District) -> Story:
    away = without_records(d, "orgs", schools_of(d)[:3])
    return Story((Night(away, Truth(d)), Night(d)), d)


@FAMILY.night(
    "A school is missing from the export altogether, and is back the next night.",
    sizes=(Size.MIDDLE, Size.LARGE),
)
def _school_missing(d: District) -> Story:
    away = without_school(d, schools_of(d)[1])
    return Story((Night(away, Truth(d)), Night(d)), d)


@FAMILY.night("A school is missing with its classes; its people are still listed.")
def _school_without_classes(d: District) -> Story:
    school = schools_of(d)[1]
    rooms = set(ids(rooms_of(d, school)))
    away = without_records(without_records(d, "orgs", [school]), "classes", rooms)
    return mistake(d, changed_enrollments(away, lambda e: None if e.class_id in rooms else e))


@FAMILY.night("One pupil leaves.", sizes=(Size.SMALL, Size.MIDDLE, Size.LARGE), ordinary=True)
def _one_leaves(d: District) -> Story:
    return one(d, without_users(d, [pupils_of(d)[3].sourced_id]))


@FAMILY.night("Half of the nine people of a school are missing.", sizes=[Size.SMALL])
def _half_of_nine(d: District) -> Story:
    return mistake(d, without_users(d, ids(pupils_of(d)[:5])))


@FAMILY.night("All nine people of a school are missing.", sizes=[Size.SMALL])
def _all_of_nine(d: District) -> Story:
    return mistake(d, without_users(d, ids(d.users)))


@FAMILY.night("The only teacher of a school is missing.", sizes=[Size.SMALL],
              why="One person who is missing everywhere looks like one who has left.")  # fmt: skip
def _the_teacher(d: District) -> Story:
    return mistake(d, without_users(d, ids(teachers_of(d))))


@FAMILY.night("Five of a district's eight classes are missing, with their memberships.",
              sizes=[Size.SMALL])  # fmt: skip
def _five_of_eight_classes(d: District) -> Story:
    begins = small(8, 20)
    rooms = set(ids(begins.classes[:5]))
    away = without_records(begins, "classes", rooms)
    return mistake(begins, changed_enrollments(away, lambda e: None if e.class_id in rooms else e))


@FAMILY.night("Half of the enrollments are missing.", sizes=SMALL_AND_MIDDLE)
def _half_of_the_enrollments(d: District) -> Story:
    return mistake(d, d.having(enrollments=half(d.enrollments)))


@FAMILY.night("A whole class loses its memberships, the class is there.")
def _class_emptied(d: District) -> Story:
    room = d.classes[5].sourced_id
    return mistake(d, changed_enrollments(d, lambda e: None if e.class_id == room else e))


@FAMILY.night("The users arrive without a single row.", sizes=SMALL_AND_MIDDLE)
def _no_users(d: District) -> Story:
    return mistake(d, d.having(users=()))


@FAMILY.night(
    "Nine per cent of the pupils have left; on each of four more nights, nine per cent are missing."
)
def _nine_per_cent(d: District) -> Story:
    pupils = ids(pupils_of(d))
    share = len(pupils) * 9 // 100
    left = without_users(d, pupils[:share])
    nights = (Night(without_users(d, pupils[: share * (n + 1)]), Truth(left)) for n in range(5))
    return Story(tuple(nights), d)


@FAMILY.night(
    "Two of a school of nine leave, then two more; on the third night two are only missing.",
    sizes=[Size.SMALL],
)
def _two_a_night(d: District) -> Story:
    pupils = ids(pupils_of(d))
    left = [without_users(d, pupils[: 2 * (n + 1)]) for n in range(3)]
    return Story((Night(left[0]), Night(left[1]), Night(left[2], Truth(left[1]))), d)


@FAMILY.night("A new server sends no more than 100 rows a page, and does not say so; one leaves.",
              ways=BOTH_RESTS, ordinary=True)  # fmt: skip
def _capped(d: District) -> Story:
    left = without_users(d, [pupils_of(d)[3].sourced_id])
    return Story((Night(left, quirks=Quirks(cap_limit=100)),), d)


@FAMILY.night("A pupil is deleted while the pages are read, so that another falls between two.",
              ways=ONLY_REST, ordinary=True)  # fmt: skip
def _deleted_while_read(d: District) -> Story:
    gone = without_users(d, [d.users[7].sourced_id])
    quirks = Quirks(delete_while_paging=("users", 1, d.users[7].sourced_id))
    return Story((Night(d, Truth(d), quirks=quirks), Night(gone)), d)


@FAMILY.night("The server says that it has 300 users fewer than it has.", ways=BOTH_RESTS)
def _wrong_total(d: District) -> Story:
    return Story((Night(d, quirks=Quirks(wrong_total=-300)),), d)


@FAMILY.night("The server sends the first page again and again.", ways=BOTH_RESTS)
def _first_page_only(d: District) -> Story:
    return Story((Night(d, quirks=Quirks(ignore_offset=True)), Night(d)), d)


@FAMILY.night("The server breaks off in the middle of the enrollments.", ways=BOTH_RESTS)
def _breaks_off(d: District) -> Story:
    quirks = Quirks(page_error=("enrollments", 3, 403))
    away = without_users(d, ids(pupils_of(d)[:3]))
    return Story((Night(away, Truth(d), quirks=quirks), Night(d)), d)


@FAMILY.night("The server cannot sort; a pupil leaves, and nothing proves it.", ways=BOTH_RESTS,
              ordinary=True,
              why="What is not in order proves no absence: the pupil stays until somebody deletes "
              "them, and the run says so.")  # fmt: skip
def _cannot_sort(d: District) -> Story:
    left = without_users(d, [pupils_of(d)[3].sourced_id])
    return Story((Night(left, quirks=Quirks(reject_sort=True)),), d)
