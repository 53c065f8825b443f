"""The changes lead to the roster that the snapshot describes, for any delivery."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.roster.collection import Collection, CollectionStatus
from tests.unit.planning.nights import (
    CLASSES,
    COURSES,
    ENROLLMENTS,
    ORGS,
    SESSIONS,
    USERS,
    Night,
    Nights,
    Rows,
    class_,
    course,
    enrollment,
    org,
    role,
    session,
    snapshot_as_roster,
    user,
)

_IDS = st.sampled_from(["1", "2", "3", " 1", "2\t", None])
_WORDS = st.sampled_from(["a", "A", " b", "", None])
_STATUS = st.sampled_from([None, "active", "inactive", "tobedeleted"])
_DATES = st.sampled_from([None, "2026-09-01", "2026-09-01T00:00:00Z", "soon"])
_ROLES = st.lists(
    st.builds(role, st.sampled_from(["student", "Teacher", "parent", "x"]), _IDS), max_size=2
)


def _rows() -> st.SearchStrategy[Rows]:
    def some(build: Any, *parts: Any, **values: Any) -> Any:
        return st.lists(st.builds(build, *parts, status=_STATUS, **values), max_size=4)

    def user_of(sourced_id: Any, roles: Any, **values: Any) -> Any:
        return user(sourced_id, **values) | {"roles": roles}

    return st.fixed_dictionaries(
        {},
        optional={
            ORGS: some(org, _IDS, name=_WORDS, parent=_IDS, identifier=_WORDS),
            SESSIONS: some(session, _IDS, parent=_IDS, start_date=_DATES),
            COURSES: some(course, _IDS, org=_IDS, school_year=_IDS),
            CLASSES: some(class_, _IDS, _IDS, course=_IDS, terms=st.lists(_IDS, max_size=2)),
            USERS: some(
                user_of, _IDS, _ROLES, username=_WORDS, email=_WORDS,
                agents=st.lists(_IDS, max_size=2),
            ),
            ENROLLMENTS: some(enrollment, _IDS, _IDS, _IDS, begin_date=_DATES, end_date=_DATES),
        },
    ).map(Rows)  # fmt: skip


_NIGHT = st.tuples(
    _rows(),
    st.dictionaries(st.sampled_from(list(Collection)), st.sampled_from(list(CollectionStatus))),
    st.booleans(),
)


@given(st.lists(_NIGHT, min_size=2, max_size=3))
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_changes_lead_to_the_roster_in_the_snapshot(plan: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        nights = Nights(Path(directory))
        for rows, statuses, stops in plan:
            before = set(nights.roster)
            night = nights.run(rows, statuses, stops=stops)
            if stops:
                continue
            wanted = {key: tuple(rows) for key, rows in snapshot_as_roster(night).items()}
            assert _compared(nights.roster) == _compared(wanted)
            _check_counts(night, before)
        rows, statuses, _ = plan[-1]
        nights.run(rows, statuses)
        again = nights.run(rows, statuses)
        assert (again.changes, again.written) == ([], set())


def _compared(roster: Any) -> Any:
    """Leave out the references as the source spells them: their ids are compared."""
    spelt = {"parent", "org", "school_year", "course", "school", "terms", "primary_org", "agents",
             "class", "user"}  # fmt: skip
    return {
        key: [
            {
                name: value
                for name, value in row.items()
                if name not in spelt and not (key[0] is ENROLLMENTS and name == "sourced_id")
            }
            for row in rows
        ]
        for key, rows in roster.items()
    }


def _check_counts(night: Night, before: set[Any]) -> None:
    for collection, held in night.held.items():
        counts = night.outcome.counts[collection.entity]
        current = {row["id"] for row in held if row["state"] == "current"}
        known = {row["id"] for row in held}
        changed = [change for change in night.changes if change.collection is collection]
        created = {change.id for change in changed if change.action == "create"} & current
        assert counts.created == len(created)
        assert created.isdisjoint({id_ for of, id_ in before if of is collection})
        assert {change.id for change in changed} <= known
        here = {row["id"] for row in held if row["state"] not in ("deleted", "ended")}
        total = counts.created + counts.updated + counts.restored + counts.rekeyed
        total += counts.unchanged + counts.held + counts.kept
        assert (total, counts.unchanged >= 0) == (len(here), True)
        assert len({(row["id"], row["sourced_id"]) for row in held}) == len(held)
        if collection is not USERS:
            assert len(known) == len(held)
        if collection is not ENROLLMENTS:
            assert len({row["sourced_id"] for row in held}) == len(held)
