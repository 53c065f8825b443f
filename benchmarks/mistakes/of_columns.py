"""Mistakes in the values of a column: shifted, sorted, emptied, replaced."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.mistakes.kinds import Kinds, Spot, wrong
from benchmarks.nights.changes import changed_users, rotated
from benchmarks.nights.districts import ids, pupils_of, schools_of, teachers_of
from benchmarks.nights.story import Night
from local.sample_district.records import District, Enrollment, User

COLUMNS = Kinds()


def _users(spot: Spot, those: list[User], change: Callable[[User], User]) -> tuple[Night]:
    return wrong(spot, changed_users(spot.district, ids(those), change))


def _rows(spot: Spot, change: Callable[[Enrollment], Enrollment]) -> tuple[Night]:
    d = spot.district
    some = set(ids(spot.some(d.enrollments)))
    return wrong(
        spot,
        d.having(enrollments=[change(e) if e.sourced_id in some else e for e in d.enrollments]),
    )


def _rearranged(spot: Spot, field: str, order: Callable[[list[Any]], list[Any]]) -> tuple[Night]:
    """One column of some users is in another order."""
    those = sorted(spot.some(spot.district.users), key=lambda user: user.sourced_id)
    values = dict(zip(ids(those), order([getattr(u, field) for u in those]), strict=True))
    return _users(spot, those, lambda u: replace(u, **{field: values[u.sourced_id]}))


def _add_rearranged(what: str, field: str, order: Callable[[list[Any]], list[Any]]) -> None:
    @COLUMNS.kind(what, consistent=True)
    def make(spot: Spot) -> tuple[Night]:
        return _rearranged(spot, field, order)


_add_rearranged("The usernames were sorted.", "username", sorted)
_add_rearranged("The usernames are shifted by a row.", "username", rotated)
_add_rearranged("The family names were sorted.", "family_name", sorted)
_add_rearranged("The family names are shifted by a row.", "family_name", rotated)
_add_rearranged("The identifiers are shifted by a row.", "identifier", rotated)
_add_rearranged(
    "The e-mail addresses are shifted by a row.", "email", rotated
)  # fmt: skip


@COLUMNS.kind("The sourcedIds of the users are shifted by a row.")
def _ids_shifted(spot: Spot) -> tuple[Night]:
    d = spot.district
    those = sorted(spot.some(d.users), key=lambda user: user.sourced_id)
    new = dict(zip(ids(those), rotated(ids(those)), strict=True))
    users = [replace(u, sourced_id=new.get(u.sourced_id, u.sourced_id)) for u in d.users]
    return wrong(spot, d.having(users=users))


@COLUMNS.kind("The given and the family names have changed places.", consistent=True)
def _names_swapped(spot: Spot) -> tuple[Night]:
    return _users(
        spot, spot.some(spot.district.users),
        lambda u: replace(u, given_name=u.family_name, family_name=u.given_name),
    )  # fmt: skip


@COLUMNS.kind("Names are read in another encoding: Müller arrives as MÃ¼ller.", consistent=True)
def _garbled(spot: Spot) -> tuple[Night]:
    def bad(text: str) -> str:
        return text.encode().decode("latin-1").replace("\x83", "?")

    return _users(
        spot, spot.some(spot.district.users),
        lambda u: replace(u, given_name=bad(u.given_name), family_name=bad(u.family_name)),
    )  # fmt: skip


@COLUMNS.kind("Usernames are empty.", consistent=True)
def _no_usernames(spot: Spot) -> tuple[Night]:
    return _users(spot, spot.some(spot.district.users), lambda u: replace(u, username=""))


@COLUMNS.kind("Usernames are a placeholder: NULL, N/A, none or -.")
def _placeholders(spot: Spot) -> tuple[Night]:
    text = spot.random.choice(["NULL", "N/A", "none", "-"])
    return _users(spot, spot.some(spot.district.users), lambda u: replace(u, username=text))


@COLUMNS.kind("Several share one username.")
def _same_usernames(spot: Spot) -> tuple[Night]:
    those = spot.some(spot.district.users)
    return _users(spot, those, lambda u: replace(u, username=those[0].username))


@COLUMNS.kind("The e-mail addresses are all the same.")
def _same_emails(spot: Spot) -> tuple[Night]:
    those = spot.some(spot.district.users)
    return _users(spot, those, lambda u: replace(u, email="office@springfield.example"))


@COLUMNS.kind("enabledUser says false.", consistent=True)
def _disabled(spot: Spot) -> tuple[Night]:
    return _users(spot, spot.some(spot.district.users), lambda u: replace(u, enabled=False))


def _add_status(status: str, *, consistent: bool) -> None:
    @COLUMNS.kind(f"Users have the status {status}.", consistent=consistent)
    def of_users(spot: Spot) -> tuple[Night]:
        return _users(spot, spot.some(spot.district.users), lambda u: replace(u, status=status))

    @COLUMNS.kind(f"Enrollments have the status {status}.", consistent=consistent)
    def of_rows(spot: Spot) -> tuple[Night]:
        return _rows(spot, lambda e: replace(e, status=status))

    @COLUMNS.kind(f"Classes have the status {status}.", consistent=consistent)
    def of_classes(spot: Spot) -> tuple[Night]:
        d = spot.district
        some = set(ids(spot.some(d.classes)))
        return wrong(
            spot,
            d.having(
                classes=[
                    replace(c, status=status) if c.sourced_id in some else c for c in d.classes
                ]
            ),
        )


_add_status("tobedeleted", consistent=True)
_add_status("inactive", consistent=True)
_add_status("archived", consistent=False)


@COLUMNS.kind("Pupils come with the role teacher.", consistent=True)
def _teachers(spot: Spot) -> tuple[Night]:
    return _users(
        spot, spot.some(pupils_of(spot.district)), lambda u: replace(u, role="teacher")
    )  # fmt: skip


@COLUMNS.kind("Teachers come with the role student.", consistent=True)
def _pupils(spot: Spot) -> tuple[Night]:
    return _users(
        spot, spot.some(teachers_of(spot.district)), lambda u: replace(u, role="student")
    )  # fmt: skip


@COLUMNS.kind("Pupils come with the role guardian, which the group has not asked for.",
              consistent=True)  # fmt: skip
def _guardians(spot: Spot) -> tuple[Night]:
    return _users(
        spot, spot.some(pupils_of(spot.district)), lambda u: replace(u, role="guardian")
    )  # fmt: skip


@COLUMNS.kind("A role is not of the vocabulary.")
def _wizards(spot: Spot) -> tuple[Night]:
    return _users(spot, spot.some(spot.district.users), lambda u: replace(u, role="wizard"))


@COLUMNS.kind("In memberships, student and teacher have changed places.", consistent=True)
def _roles_swapped(spot: Spot) -> tuple[Night]:
    return _rows(spot, lambda e: replace(e, role="student" if e.role == "teacher" else "teacher"))


@COLUMNS.kind("Users are in another school.", consistent=True)
def _other_school(spot: Spot) -> tuple[Night] | None:
    schools = schools_of(spot.district)
    if len(schools) == 1:
        return None
    other = dict(zip(schools, rotated(schools), strict=True))
    return _users(
        spot, spot.some(pupils_of(spot.district)),
        lambda u: replace(u, orgs=tuple(other.get(org, org) for org in u.orgs)),
    )  # fmt: skip


@COLUMNS.kind("The users' column of the enrollments is shifted.", consistent=True)
def _users_shifted(spot: Spot) -> tuple[Night]:
    return _shifted(spot, "user")


@COLUMNS.kind("The classes' column of the enrollments is shifted.", consistent=True)
def _classes_shifted(spot: Spot) -> tuple[Night]:
    return _shifted(spot, "class_id")


def _shifted(spot: Spot, field: str) -> tuple[Night]:
    d = spot.district
    those = sorted(spot.some(d.enrollments), key=lambda e: e.sourced_id)
    by = spot.random.randint(1, max(1, len(those) - 1))
    values = dict(zip(ids(those), rotated([getattr(e, field) for e in those], by), strict=True))
    roles = {u.sourced_id: "student" if u.role == "student" else "teacher" for u in d.users}

    def change(each: Enrollment) -> Enrollment:
        if each.sourced_id not in values:
            return each
        moved: Enrollment = replace(each, **{field: values[each.sourced_id]})
        return replace(moved, role=roles[moved.user])

    return wrong(spot, d.having(enrollments=[change(e) for e in d.enrollments]))


@COLUMNS.kind("The column of the users in the enrollments was sorted.", consistent=True)
def _users_sorted(spot: Spot) -> tuple[Night]:
    d = spot.district
    those = spot.some(d.enrollments)
    values = dict(zip(ids(those), sorted(e.user for e in those), strict=True))
    rows = [replace(e, user=values.get(e.sourced_id, e.user)) for e in d.enrollments]
    return wrong(spot, d.having(enrollments=rows))


@COLUMNS.kind("All in one class: the classes' column has one value.", consistent=True)
def _one_class(spot: Spot) -> tuple[Night]:
    one = spot.random.choice(spot.district.classes)
    return _rows(spot, lambda e: replace(e, class_id=one.sourced_id))


def _dated(spot: Spot, **days: Any) -> tuple[Night]:
    return _rows(spot, lambda e: replace(e, **days))


@COLUMNS.kind("Enrollments ended yesterday.", consistent=True)
def _ended(spot: Spot) -> tuple[Night]:
    return _dated(spot, end=_days_from(spot, -1))


@COLUMNS.kind("Enrollments ended in the year before.", consistent=True)
def _ended_long_ago(spot: Spot) -> tuple[Night]:
    return _dated(spot, begin=_days_from(spot, -600), end=_days_from(spot, -300))


@COLUMNS.kind("Enrollments begin next year.", consistent=True)
def _begin_late(spot: Spot) -> tuple[Night]:
    return _dated(spot, begin=_days_from(spot, 365), end=None)


@COLUMNS.kind("Enrollments end before they begin.")
def _end_first(spot: Spot) -> tuple[Night]:
    return _rows(spot, lambda e: replace(e, begin=e.end, end=e.begin))


@COLUMNS.kind("Dates of enrollments are 0001-01-01, 1900-01-01 or 9999-12-31.")
def _no_dates(spot: Spot) -> tuple[Night]:
    field = spot.random.choice(["begin", "end"])
    day = spot.random.choice(["0001-01-01", "1900-01-01", "9999-12-31"])
    return _dated(spot, **{field: day})


def _days_from(spot: Spot, days: int) -> str:
    return spot.today.fromordinal(spot.today.toordinal() + days).isoformat()


@COLUMNS.kind("Terms have moved into the year before.", consistent=True)
def _terms_moved(spot: Spot) -> tuple[Night]:
    return wrong(spot, _with_old_terms(spot))


@COLUMNS.kind("Terms have moved into the year before, and classes are missing.")
def _terms_moved_and_classes(spot: Spot) -> tuple[Night]:
    there = _with_old_terms(spot)
    gone = set(ids(spot.some(there.classes)))
    return wrong(
        spot,
        there.having(
            classes=[c for c in there.classes if c.sourced_id not in gone],
            enrollments=[e for e in there.enrollments if e.class_id not in gone],
        ),
    )


def _with_old_terms(spot: Spot) -> District:
    def back(day: str) -> str:
        return f"{int(day[:4]) - 1}{day[4:]}"

    d = spot.district
    return d.having(
        academicSessions=[replace(s, start=back(s.start), end=back(s.end)) for s in d.sessions]
    )
