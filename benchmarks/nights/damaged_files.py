"""Nights on which a bundle's files are cut, doubled, garbled or damaged by a spreadsheet."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

from benchmarks.nights.changes import changed_enrollments, changed_users, rotated
from benchmarks.nights.districts import ids, pupils_of
from benchmarks.nights.story import (
    EVERY_WAY,
    ONLY_BUNDLE,
    Family,
    Files,
    Night,
    Size,
    Story,
    Truth,
    mistake,
)
from local.sample_district.evolution import with_records
from local.sample_district.records import District, Enrollment

FAMILY = Family("What is wrong with the files")
SMALL_AND_MIDDLE = (Size.SMALL, Size.MIDDLE)
Spoil = Callable[[Files], Files]


def _spoiled(d: District, spoil: Spoil) -> Story:
    return Story((Night(d, Truth(d), spoil=spoil),), d)


def _lines(name: str, change: Callable[[list[bytes]], list[bytes]]) -> Spoil:
    def spoil(files: Files) -> Files:
        lines = files[name].split(b"\r\n")[:-1]
        return files | {name: b"\r\n".join(change(lines)) + b"\r\n"}

    return spoil


def _cells(name: str, change: Callable[[list[dict[str, str]]], None]) -> Spoil:
    """Change cells of a file as a spreadsheet or a script would."""

    def spoil(files: Files) -> Files:
        rows = list(csv.DictReader(io.StringIO(files[name].decode(), newline="")))
        change(rows)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return files | {name: text.getvalue().encode()}

    return spoil


def _cut(name: str, share: float) -> Spoil:
    """The file ends in the middle of a row."""

    def cut(lines: list[bytes]) -> list[bytes]:
        kept = lines[: max(2, int(len(lines) * share))]
        return [*kept[:-1], kept[-1][: len(kept[-1]) // 2]]

    def spoil(files: Files) -> Files:
        whole = _lines(name, cut)(files)
        return whole | {name: whole[name].removesuffix(b"\r\n")}

    return spoil


def _unclosed_quote(lines: list[bytes]) -> list[bytes]:
    at = len(lines) // 2
    cells = lines[at].split(b",")
    where = next(n for n, cell in enumerate(cells) if n > 2 and cell)
    cells[where] = b'"' + cells[where]
    return [*lines[:at], b",".join(cells), *lines[at + 1 :]]


@FAMILY.night("In the users, a quote is opened and never closed.", sizes=SMALL_AND_MIDDLE,
              ways=ONLY_BUNDLE)  # fmt: skip
def _quote_in_users(d: District) -> Story:
    return _spoiled(d, _lines("users.csv", _unclosed_quote))


@FAMILY.night("In the enrollments, a quote is opened and never closed.", ways=ONLY_BUNDLE)
def _quote_in_enrollments(d: District) -> Story:
    return _spoiled(d, _lines("enrollments.csv", _unclosed_quote))


@FAMILY.night("The users end in the middle of a row, near the end of the file.",
              sizes=SMALL_AND_MIDDLE, ways=ONLY_BUNDLE)  # fmt: skip
def _users_cut(d: District) -> Story:
    return _spoiled(d, _cut("users.csv", 0.97))


@FAMILY.night("The enrollments end in the middle of a row, near the end of the file.",
              ways=ONLY_BUNDLE)  # fmt: skip
def _enrollments_cut(d: District) -> Story:
    return _spoiled(d, _cut("enrollments.csv", 0.97))


@FAMILY.night("The classes end in the middle of a row.", ways=ONLY_BUNDLE)
def _classes_cut(d: District) -> Story:
    return _spoiled(d, _cut("classes.csv", 0.9))


@FAMILY.night("The roles end in the middle of a row.", ways=ONLY_BUNDLE)
def _roles_cut(d: District) -> Story:
    return _spoiled(d, _cut("roles.csv", 0.95))


@FAMILY.night("The users end after a whole row, half-way through.", ways=ONLY_BUNDLE)
def _users_half(d: District) -> Story:
    return _spoiled(d, _lines("users.csv", lambda lines: lines[: len(lines) // 2]))


@FAMILY.night("The users have a header and nothing else.", sizes=SMALL_AND_MIDDLE,
              ways=ONLY_BUNDLE)  # fmt: skip
def _header_only(d: District) -> Story:
    return _spoiled(d, _lines("users.csv", lambda lines: lines[:1]))


@FAMILY.night("The bundle has no enrollments, and its manifest says that they are absent.",
              ways=ONLY_BUNDLE)  # fmt: skip
def _no_enrollments(d: District) -> Story:
    def spoil(files: Files) -> Files:
        manifest = files["manifest.csv"].replace(
            b"file.enrollments,bulk", b"file.enrollments,absent"
        )
        left = {name: text for name, text in files.items() if name != "enrollments.csv"}
        return left | {"manifest.csv": manifest}

    return _spoiled(d, spoil)


@FAMILY.night("Every row of the users and the enrollments comes twice.", ways=ONLY_BUNDLE)
def _doubled(d: District) -> Story:
    def twice(lines: list[bytes]) -> list[bytes]:
        return lines + lines[1:]

    users, enrollments = _lines("users.csv", twice), _lines("enrollments.csv", twice)
    return _spoiled(d, lambda files: enrollments(users(files)))


@FAMILY.night("One column was sorted in a spreadsheet: the usernames.", sizes=SMALL_AND_MIDDLE)
def _usernames_sorted(d: District) -> Story:
    names = sorted(user.username for user in d.users)
    users = [replace(u, username=n) for u, n in zip(d.users, names, strict=True)]
    return mistake(d, d.having(users=users))


@FAMILY.night("One column was sorted in a spreadsheet: the family names.", sizes=SMALL_AND_MIDDLE)
def _names_sorted(d: District) -> Story:
    names = sorted(user.family_name for user in d.users)
    users = [replace(u, family_name=n) for u, n in zip(d.users, names, strict=True)]
    return mistake(d, d.having(users=users))


@FAMILY.night("One column was sorted in a spreadsheet: the sourcedIds of the users.")
def _ids_sorted(d: District) -> Story:
    order = sorted(ids(d.users), key=lambda sid: sid[::-1])
    users = [replace(u, sourced_id=sid) for u, sid in zip(d.users, order, strict=True)]
    return mistake(d, d.having(users=users))


@FAMILY.night("One school's family names are shifted by a row.")
def _names_shifted(d: District) -> Story:
    pupils = pupils_of(d, "school-01")
    names = dict(zip(ids(pupils), rotated([p.family_name for p in pupils]), strict=True))
    there = changed_users(
        d, names, lambda user: replace(user, family_name=names[user.sourced_id])
    )  # fmt: skip
    return Story((Night(there, Truth(d)), Night(d)), d)


@FAMILY.night(
    "The classes' column of the enrollments is shifted, so that most memberships differ.",
    sizes=SMALL_AND_MIDDLE,
    why="In a district of two classes it looks like two pupils who have changed.",
)
def _classes_shifted(d: District) -> Story:
    by_school: dict[str, list[str]] = {}
    for room in d.classes:
        by_school.setdefault(room.school, []).append(room.sourced_id)

    def shift(each: Enrollment) -> Enrollment:
        rooms = by_school[each.school]
        other = rooms[(rooms.index(each.class_id) + 1) % len(rooms)]
        return replace(each, class_id=other)

    rows = [shift(e) if n % 11 else e for n, e in enumerate(d.enrollments)]
    return mistake(d, d.having(enrollments=rows))


@FAMILY.night("The users' column of the enrollments is shifted by 100 rows.")
def _users_shifted(d: District) -> Story:
    users = rotated([each.user for each in d.enrollments], 100)
    roles = {user.sourced_id: user.role for user in d.users}
    rows = [
        replace(e, user=u, role="student" if roles[u] == "student" else "teacher")
        for e, u in zip(d.enrollments, users, strict=True)
    ]
    return mistake(d, d.having(enrollments=rows))


@FAMILY.night("Last year's bundle comes by mistake.", ways=EVERY_WAY)
def _last_year(d: District) -> Story:
    def last(name: str) -> str:
        return name.replace("2026", "2025").replace("2027", "2026")

    old = d.having(
        academicSessions=[
            replace(s, sourced_id=last(s.sourced_id), start=last(s.start), end=last(s.end),
                    parent=last(s.parent) if s.parent else None, school_year="2026")
            for s in d.sessions
        ],
        courses=[replace(c, school_year=last(c.school_year)) for c in d.courses],
        classes=[
            replace(c, sourced_id=last(c.sourced_id), terms=tuple(map(last, c.terms)))
            for c in d.classes
        ],
        enrollments=[
            replace(e, sourced_id=last(e.sourced_id), class_id=last(e.class_id),
                    begin=last(e.begin or ""), end=last(e.end or ""))
            for e in d.enrollments
        ],
    )  # fmt: skip
    return mistake(d, old)


@FAMILY.night("The export is read as Latin-1: names like Müller arrive as MÃ¼ller.")
def _garbled(d: District) -> Story:
    def wrong(text: str) -> str:
        return text.encode().decode("latin-1").replace("\x83", "?")

    users = [
        replace(u, given_name=wrong(u.given_name), family_name=wrong(u.family_name))
        for u in d.users
    ]
    return mistake(d, d.having(users=users))


@FAMILY.night("A spreadsheet has turned twenty pupils' ids into 1.23E+05.", ways=ONLY_BUNDLE)
def _as_numbers(d: District) -> Story:
    def damage(rows: list[dict[str, str]]) -> None:
        for row in rows[30:50]:
            row["sourcedId"] = "1.23E+05"

    return _spoiled(d, _cells("users.csv", damage))


@FAMILY.night("The enabledUser column says FALSE for everybody.", sizes=SMALL_AND_MIDDLE)
def _disabled(d: District) -> Story:
    return mistake(d, d.having(users=[replace(user, enabled=False) for user in d.users]))


@FAMILY.night("The username column is empty.", sizes=SMALL_AND_MIDDLE)
def _no_usernames(d: District) -> Story:
    return mistake(d, d.having(users=[replace(user, username="") for user in d.users]))


@FAMILY.night("Every pupil comes with the role teacher.", sizes=SMALL_AND_MIDDLE)
def _all_teachers(d: District) -> Story:
    return mistake(
        d, d.having(users=[replace(u, role="teacher" if u.role == "student" else u.role)
                           for u in d.users])
    )  # fmt: skip


@FAMILY.night("Every membership comes with the role teacher.")
def _all_teach(d: District) -> Story:
    return mistake(d, changed_enrollments(d, lambda e: replace(e, role="teacher")))


@FAMILY.night("Three memberships and two users have a status that does not exist: archived.")
def _bad_status(d: District) -> Story:
    users = [replace(user, status="archived") for user in pupils_of(d)[:2]]
    rows = [replace(each, status="archived") for each in d.enrollments[40:43]]
    return mistake(d, with_records(with_records(d, "users", *users), "enrollments", *rows))


@FAMILY.night("The orgs have no rows: the export's account may not read them any more.")
def _no_orgs(d: District) -> Story:
    return mistake(d, d.having(orgs=()))
