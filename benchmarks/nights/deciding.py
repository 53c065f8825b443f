"""Nights on which a person decides."""

from benchmarks.nights.changes import without_school
from benchmarks.nights.districts import ids, pupils_of, schools_of
from benchmarks.nights.story import Family, Night, Story, Truth
from local.sample_district.evolution import without_users
from local.sample_district.records import District

FAMILY = Family("A person decides")


@FAMILY.night("A school is missing by mistake; the admin rejects the deletion; it comes back.")
def _rejected(d: District) -> Story:
    away = without_school(d, schools_of(d)[1])
    nights = (
        Night(away, Truth(d)),
        Night(None, days=0, act=lambda living: living.reject()),
        Night(away, Truth(d)),
        Night(d),
    )
    return Story(nights, d)


@FAMILY.night("A school closes; the admin rejects the deletion, and the source never has it again.")
def _kept_for_good(d: District) -> Story:
    away = without_school(d, schools_of(d)[1])
    nights = (
        Night(away),
        Night(None, days=0, act=lambda living: living.reject()),
        Night(away),
    )
    return Story(nights, d, kept=True)


@FAMILY.night("A school closes, the admin approves; a week later it opens again, and is restored.")
def _restored(d: District) -> Story:
    away = without_school(d, schools_of(d)[1])
    nights = (
        Night(away),
        Night(None, days=0, act=lambda living: living.approve()),
        Night(None, Truth(d), days=7, act=lambda living: living.restore(1)),
    )
    return Story(nights, d)


@FAMILY.night("A third of the pupils is missing; the next night a tenth more; then all are back.")
def _grows(d: District) -> Story:
    pupils = ids(pupils_of(d))
    third, more = len(pupils) // 3, len(pupils) // 3 + len(pupils) // 10
    nights = (
        Night(without_users(d, pupils[:third]), Truth(d)),
        Night(without_users(d, pupils[:more]), Truth(d)),
        Night(d),
    )
    return Story(nights, d)
