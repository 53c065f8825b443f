"""Nights on which a person decides."""

from benchmarks.nights.changes import without_school
from benchmarks.nights.districts import ids, pupils_of, schools_of
from benchmarks.nights.story import Family, Night, Story, Truth
from local.sample_district.evolution import without_users
from local.sample_district.records import District
from shared.domain.group.hold import Decision, SelectedRecord

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
    return Story(nights, d)


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


@FAMILY.night("Two schools are missing: the admin approves one, which has closed, and rejects the "
              "other, which comes back.")  # fmt: skip
def _by_school(d: District) -> Story:
    closed, missing = schools_of(d)[1], schools_of(d)[4]
    left = without_school(d, closed)
    nights = (
        Night(without_school(left, missing), Truth(left)),
        Night(
            None,
            days=0,
            act=lambda living: living.decide(Decision.APPROVE, schools=(closed,)),
        ),
        Night(None, days=0, act=lambda living: living.reject()),
        Night(left),
    )
    return Story(nights, d)


@FAMILY.night("A ninth of the pupils is missing; the admin approves one of them, who has left.")
def _by_record(d: District) -> Story:
    missing = ids(pupils_of(d)[::9])
    left = without_users(d, missing[:1])
    gone = SelectedRecord(entity="users", sourced_id=missing[0])
    nights = (
        Night(without_users(d, missing), Truth(left)),
        Night(None, days=0, act=lambda living: living.decide(Decision.APPROVE, records=(gone,))),
        Night(left),
    )
    return Story(nights, d)


@FAMILY.night("A school closes; the admin rejects it by mistake, releases it a week later, and "
              "approves.")  # fmt: skip
def _released(d: District) -> Story:
    away = without_school(d, schools_of(d)[1])
    nights = (
        Night(away),
        Night(None, days=0, act=lambda living: living.reject()),
        Night(
            None, days=7, act=lambda living: living.decide(Decision.RELEASE, of_kept=True)
        ),
        Night(away),
        Night(None, days=0, act=lambda living: living.approve()),
    )  # fmt: skip
    return Story(nights, d)


@FAMILY.night("A school closes; the admin rejects it by mistake, and approves it a week later.")
def _approved_after_all(d: District) -> Story:
    away = without_school(d, schools_of(d)[1])
    nights = (
        Night(away),
        Night(None, days=0, act=lambda living: living.reject()),
        Night(
            None, days=7, act=lambda living: living.decide(Decision.APPROVE, of_kept=True)
        ),
        Night(away),
    )  # fmt: skip
    return Story(nights, d)
