"""Nights on which the question is who is who."""

from dataclasses import replace

from benchmarks.nights.changes import changed_users, joined, like, renamed, rooms_of_user
from benchmarks.nights.districts import ids, pupils_of, schools_of, teachers_of
from benchmarks.nights.story import Family, Night, Size, Story, Truth, one
from local.sample_district.evolution import with_prefixed_users, with_records, without_users
from local.sample_district.records import District, User
from shared.domain.group.choices import MatchWith

FAMILY = Family("Who is who")
SMALL_AND_MIDDLE = (Size.SMALL, Size.MIDDLE)
IDENTIFIER, USERNAME, EMAIL = MatchWith.IDENTIFIER, MatchWith.USERNAME, MatchWith.EMAIL


def _heir(d: District, **same: str) -> tuple[District, User, User]:
    """A pupil leaves, and another comes who has something of theirs."""
    leaver = pupils_of(d)[5]
    heir = like(leaver, "pupil-900005", **same)
    left = without_users(d, [leaver.sourced_id])
    return joined(left, heir, *rooms_of_user(d, leaver.sourced_id)), leaver, heir


def _recycled(field: str, match: MatchWith) -> None:
    @FAMILY.night(
        f"A pupil leaves; a new one gets the same {field}. Users are matched by {field}.",
        sizes=SMALL_AND_MIDDLE,
        ordinary=True,
    )
    def tell(d: District) -> Story:
        old = pupils_of(d)[5]
        there, _, _ = _heir(d, **{field: str(getattr(old, field))})
        return Story((Night(there),), d, config={"match_with": match}, looks=1)


for _field, _match in (("email", EMAIL), ("username", USERNAME), ("identifier", IDENTIFIER)):
    _recycled(_field, _match)


@FAMILY.night("A pupil leaves; a new one inherits the username. Users are matched by sourcedId.",
              sizes=SMALL_AND_MIDDLE, ordinary=True)  # fmt: skip
def _login_heir(d: District) -> Story:
    there, _, _ = _heir(d, username=pupils_of(d)[5].username)
    return one(d, there)


@FAMILY.night("Two pupils swap their usernames.", sizes=SMALL_AND_MIDDLE, ordinary=True)
def _swap(d: District) -> Story:
    a, b = pupils_of(d)[:2]
    swapped = (replace(a, username=b.username), replace(b, username=a.username))
    return one(d, with_records(d, "users", *swapped))


@FAMILY.night("Three pupils pass their usernames on in a ring.", sizes=SMALL_AND_MIDDLE,
              ordinary=True)  # fmt: skip
def _ring(d: District) -> Story:
    a, b, c = pupils_of(d)[:3]
    ring = ((a, b), (b, c), (c, a))
    return one(d, with_records(d, "users", *(replace(x, username=y.username) for x, y in ring)))


@FAMILY.night("A pupil gets a new id and keeps the number. Users are matched by identifier.",
              sizes=SMALL_AND_MIDDLE, ordinary=True)  # fmt: skip
def _rekeyed(d: District) -> Story:
    old = pupils_of(d)[4]
    there = renamed(d, {old.sourced_id: "pupil-900004"})
    truth = Truth(there, {"pupil-900004": old.sourced_id})
    return Story((Night(there, truth),), d, config={"match_with": IDENTIFIER})


@FAMILY.night(
    "The vendor prefixes all users' ids with s+ and t+; the admin follows the notice and sets "
    "matchWith to identifier."
)
def _prefixed(d: District) -> Story:
    there = with_prefixed_users(d)
    old = {new.sourced_id: new.sourced_id.split("+")[1] for new in there.users}
    nights = (
        Night(there, Truth(there, old)),
        Night(there, settings={"match_with": IDENTIFIER}),
    )
    return Story(nights, d)


@FAMILY.night(
    "The vendor prefixes all users' ids; users were matched by identifier from the start."
)
def _prefixed_and_matched(d: District) -> Story:
    there = with_prefixed_users(d)
    old = {new.sourced_id: new.sourced_id.split("+")[1] for new in there.users}
    return Story((Night(there, Truth(there, old)),), d, config={"match_with": IDENTIFIER})


@FAMILY.night("The vendor gives new ids to everything: schools, classes, users and enrollments.")
def _all_new_ids(d: District) -> Story:
    named = [*d.orgs, *d.classes, *d.users, *d.enrollments]
    names = {each.sourced_id: f"guid-{number:06d}" for number, each in enumerate(named)}
    there = renamed(d, names)
    old = {new: name for name, new in names.items()}
    return Story((Night(there, Truth(there, old)),), d, after=there)


@FAMILY.night("John and Jane Smith, two new teachers, come with one username.",
              sizes=SMALL_AND_MIDDLE, ordinary=True)  # fmt: skip
def _john_and_jane(d: District) -> Story:
    teacher = teachers_of(d)[0]
    smiths = [
        like(teacher, f"teacher-{given}", given_name=given, family_name="Smith", username="jsmith")
        for given in ("John", "Jane")
    ]
    return one(d, with_records(d, "users", *smiths))


def _placeholder(text: str) -> None:
    @FAMILY.night(f"Five new teachers come with the username {text}.", sizes=SMALL_AND_MIDDLE,
                  ordinary=True)  # fmt: skip
    def tell(d: District) -> Story:
        teacher = teachers_of(d)[0]
        five = [like(teacher, f"teacher-9{n}", username=text) for n in range(5)]
        return one(d, with_records(d, "users", *five))


for _text in ("NULL", "N/A", "-"):
    _placeholder(_text)


@FAMILY.night("A new teacher comes with the username of a pupil.", sizes=SMALL_AND_MIDDLE,
              ordinary=True)  # fmt: skip
def _teacher_and_pupil(d: District) -> Story:
    pupil, teacher = pupils_of(d)[2], teachers_of(d)[0]
    other = like(teacher, "teacher-900", username=pupil.username)
    there = with_records(d, "users", other)
    return Story((Night(there, Truth(d)),), d, after=d)


@FAMILY.night("A teacher begins at a second school, as a second row with the same name.",
              ordinary=True)  # fmt: skip
def _second_row(d: District) -> Story:
    teacher = teachers_of(d)[0]
    other = next(s for s in schools_of(d) if s not in teacher.orgs)
    row = replace(teacher, sourced_id=f"{teacher.sourced_id}-b", orgs=(other,))
    there = with_records(d, "users", row)
    return Story((Night(there, Truth(there, {row.sourced_id: teacher.sourced_id})),), d)


@FAMILY.night("A teacher begins at a second school, in the same row.", ordinary=True)
def _second_school(d: District) -> Story:
    teacher = teachers_of(d)[0]
    other = next(s for s in schools_of(d) if s not in teacher.orgs)
    return one(d, with_records(d, "users", replace(teacher, orgs=(*teacher.orgs, other))))


@FAMILY.night("A teacher marries: another family name, username and e-mail.",
              sizes=SMALL_AND_MIDDLE, ordinary=True)  # fmt: skip
def _marriage(d: District) -> Story:
    teacher = teachers_of(d)[0]
    married = replace(
        teacher, family_name="Nowmarried", username="nowmarried", email="now@springfield.example"
    )
    return one(d, with_records(d, "users", married))


@FAMILY.night("Twins come: one family name, and usernames that differ in the last letter.",
              sizes=SMALL_AND_MIDDLE, ordinary=True)  # fmt: skip
def _twins(d: District) -> Story:
    pupil = pupils_of(d)[0]
    there = d
    for given, name in (("Mia", "twin-a"), ("Mio", "twin-b")):
        twin = like(pupil, name, given_name=given, family_name="Twin", username=name)
        there = joined(there, twin, *rooms_of_user(d, pupil.sourced_id))
    return one(d, there)


@FAMILY.night("A new pupil gets the sourcedId of one who leaves the same day.",
              sizes=SMALL_AND_MIDDLE, ordinary=True)  # fmt: skip
def _recycled_id(d: District) -> Story:
    old = pupils_of(d)[5]
    new = like(old, old.sourced_id, given_name="Quite", family_name="Different")
    there = with_records(d, "users", replace(new, identifier="ID-9999", username="quite"))
    truth = Truth(there, {(old.sourced_id, "Quite Different"): "the new pupil"})
    return Story((Night(there, truth),), d, looks=1)


@FAMILY.night("The district renames all usernames; the admin approves what waits.",
              ordinary=True)  # fmt: skip
def _usernames_reformatted(d: District) -> Story:
    there = d.having(users=[replace(u, username=f"{u.username}.2026") for u in d.users])
    nights = (Night(there, Truth(there)), Night(None, days=0, act=lambda living: living.approve()))
    return Story(nights, d, looks=1)


@FAMILY.night("The district's e-mail domain changes for everyone.", sizes=SMALL_AND_MIDDLE,
              ordinary=True)  # fmt: skip
def _email_domain(d: District) -> Story:
    users = [
        replace(u, email=u.email.replace("springfield", "newfield") if u.email else None)
        for u in d.users
    ]
    return one(d, d.having(users=users))


@FAMILY.night("The vendor adds a leading zero to every identifier.", sizes=SMALL_AND_MIDDLE,
              ordinary=True)  # fmt: skip
def _identifiers(d: District) -> Story:
    return one(d, d.having(users=[replace(u, identifier=f"0{u.identifier}") for u in d.users]))


@FAMILY.night(
    "The identifier column is filled with one value for everybody. Users are matched by it."
)
def _one_identifier(d: District) -> Story:
    there = d.having(users=[replace(u, identifier="0") for u in d.users])
    return Story((Night(there, Truth(d)),), d, config={"match_with": IDENTIFIER})


@FAMILY.night(
    "A third of the pupils come with the e-mail of the school's office. Matched by e-mail."
)
def _office_email(d: District) -> Story:
    third = ids(pupils_of(d)[::3])
    there = changed_users(d, third, lambda u: replace(u, email="office@springfield.example"))
    true = Truth(there)
    return Story((Night(there, true),), d, config={"match_with": EMAIL})


@FAMILY.night(
    "A second group of the enterprise is given the source of the first.",
    sizes=SMALL_AND_MIDDLE,
    why="Nothing is loaded before the admin has chosen which group has these people.",
)
def _two_groups(d: District) -> Story:
    return Story((Night(d, Truth(d)),), None, was=Truth(d), beside=d)


@FAMILY.night(
    "A new pupil's username is that of a pupil of another group of the enterprise.",
    sizes=[Size.SMALL],
    ordinary=True,
    why="A login name is unique in the enterprise: the report names the pupil and the other "
    "group, and the pupil has no login until one of the two is renamed.",
)
def _login_of_another_group(d: District) -> Story:
    names = {each.sourced_id: f"o-{each.sourced_id}" for each in (*d.users, *d.enrollments)}
    other = renamed(d, names)
    other = other.having(
        orgs=[replace(o, sourced_id=f"o-{o.sourced_id}", parent=None) for o in d.orgs],
        courses=[replace(c, org="o-district") for c in d.courses],
        classes=[replace(c, school="o-school-01") for c in d.classes],
        users=[
            replace(u, username=f"o-{u.username}", orgs=("o-school-01",)) for u in other.users
        ],
        enrollments=[replace(e, school="o-school-01") for e in other.enrollments],
    )  # fmt: skip
    first = pupils_of(d)[0]
    new = like(first, "pupil-900007", username=f"o-{first.username}")
    there = joined(d, new, *rooms_of_user(d, first.sourced_id))
    return Story((Night(there),), d, beside=other)
