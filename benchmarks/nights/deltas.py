"""Nights on which a bundle has only what has changed."""

from dataclasses import replace

from benchmarks.nights.districts import ids, pupils_of
from benchmarks.nights.story import (
    ONLY_BUNDLE,
    Family,
    Files,
    Night,
    Size,
    Story,
    Truth,
)
from local.sample_district.evolution import with_records, without_users
from local.sample_district.records import District

FAMILY = Family("Bundles of changes")
SMALL_AND_MIDDLE = (Size.SMALL, Size.MIDDLE)


def _siblings(d: District) -> tuple[District, District]:
    """A pupil with two memberships in one class, and the district without the later one."""
    row = next(e for e in d.enrollments if e.role == "student" and e.begin == "2026-08-17")
    second = replace(row, sourced_id=f"{row.sourced_id}-b", begin="2026-08-24")
    return with_records(d, "enrollments", second), d


@FAMILY.night("A pupil has two memberships in one class; a delta deletes the later one.",
              sizes=SMALL_AND_MIDDLE, ways=ONLY_BUNDLE, ordinary=True)  # fmt: skip
def _tombstone_with_sibling(d: District) -> Story:
    begins, left = _siblings(d)
    return Story((Night(left, since=begins),), begins)


@FAMILY.night("A pupil has two memberships in one class; a delta deletes the earlier one.",
              sizes=SMALL_AND_MIDDLE, ways=ONLY_BUNDLE, ordinary=True)  # fmt: skip
def _tombstone_of_the_first(d: District) -> Story:
    begins, left = _siblings(d)
    [second] = set(begins.enrollments) - set(left.enrollments)
    earlier = second.sourced_id.removesuffix("-b")
    rest = begins.having(enrollments=[e for e in begins.enrollments if e.sourced_id != earlier])
    return Story((Night(rest, since=begins),), begins)


@FAMILY.night("A delta names a membership to delete by an id that we never saw.",
              ways=ONLY_BUNDLE, ordinary=True)  # fmt: skip
def _unknown_tombstone(d: District) -> Story:
    row = next(e for e in d.enrollments if e.role == "student")
    other = d.having(
        enrollments=[replace(e, sourced_id="never-seen") if e is row else e for e in d.enrollments]
    )
    left = d.having(enrollments=[e for e in d.enrollments if e is not row])
    return Story((Night(left, since=other),), d)


@FAMILY.night("A delta brings two new pupils and takes one away.", ways=ONLY_BUNDLE, ordinary=True)
def _delta(d: District) -> Story:
    return Story((Night(without_users(d, ids(pupils_of(d)[:1])), since=d),), d)


@FAMILY.night("A delta says that a third of the users are to be deleted.", ways=ONLY_BUNDLE)
def _delta_of_a_third(d: District) -> Story:
    away = without_users(d, ids(pupils_of(d)[::3]))
    return Story((Night(away, Truth(d), since=d),), d)


@FAMILY.night("A file of changes comes with a manifest that calls it complete.", ways=ONLY_BUNDLE)
def _delta_as_bulk(d: District) -> Story:
    changed = d.having(
        users=[replace(user, grade="09") if n < 40 else user for n, user in enumerate(d.users)]
    )

    def spoil(files: Files) -> Files:
        return files | {"manifest.csv": files["manifest.csv"].replace(b",delta", b",bulk")}

    return Story((Night(changed, Truth(changed), since=d, spoil=spoil),), d, after=changed)
