"""What the planner finds from night to night: new, unchanged, bad, gone and returned records."""

from shared.domain.group.secrets import SecretName
from shared.domain.roster.collection import Collection, CollectionStatus
from tests.unit.planning.nights import (
    CLASSES,
    COURSES,
    ENROLLMENTS,
    ORGS,
    SESSIONS,
    USERS,
    Nights,
    Rows,
    class_,
    course,
    enrollment,
    org,
    own_id,
    role,
    session,
    small,
    user,
)


def test_a_first_load_creates_everything_under_derived_ids(nights: Nights) -> None:
    night = nights.run(small())
    assert night.told() == []
    assert night.notices == []
    assert night.outcome.largest == 2
    assert {change.action for change in night.changes} == {"create"}
    counts = {entity: c.created for entity, c in night.outcome.counts.items()}
    assert counts == {
        "partners": 2, "academicSessions": 2, "courses": 1, "classes": 1, "users": 2,
        "enrollments": 2,
    }  # fmt: skip
    assert night.written == set(Collection)
    for collection in (ORGS, SESSIONS, COURSES, CLASSES, USERS):
        for row in night.held[collection]:
            assert row["id"] == own_id(collection, row["sourced_id"])
    row = night.row(CLASSES, "class")
    assert (row["school_id"], row["course_id"], row["term_ids"]) == (
        own_id(ORGS, "school"), own_id(COURSES, "course"), [own_id(SESSIONS, "term")],
    )  # fmt: skip
    row = night.row(ENROLLMENTS, "e-ann")
    assert (row["class_id"], row["user_id"], row["school_id"]) == (
        own_id(CLASSES, "class"), own_id(USERS, "ann"), own_id(ORGS, "school"),
    )  # fmt: skip
    assert night.row(USERS, "ann")["org_ids"] == [own_id(ORGS, "school")]
    login = night.change(USERS, "ann").login
    assert login is not None
    assert (login.take, login.release) == ("ann", ())
    ids = [change.id for change in night.changes if change.collection is USERS]
    assert ids == sorted(ids)


def test_an_unchanged_night_writes_nothing(nights: Nights) -> None:
    nights.run(small())
    night = nights.run(small())
    assert (night.changes, night.written, night.told()) == ([], set(), [])
    assert night.outcome.counts["users"].unchanged == 2
    assert nights.run(Rows({c: rows[::-1] for c, rows in small().items()})).written == set()


def test_the_same_values_written_differently_are_unchanged(nights: Nights) -> None:
    rows = (
        small()
        .but(USERS, "ann", enabled_user="true", grades=["1", "2"], agents=["tom", "ann"])
        .but(USERS, "tom", roles=[role("teacher"), role("aide", "district", role_type=None)])
        .but(ENROLLMENTS, "e-ann", primary="true", end_date="2027-01-01")
    )
    first = nights.run(rows)
    other = (
        rows.but(USERS, "ann", enabled_user=" TRUE", grades=["2", " 1", "2"], agents=["ann", "tom"])
        .but(USERS, "tom", roles=[role("AIDE", "district", role_type=None), role(" Teacher")])
        .but(ENROLLMENTS, "e-ann", sourced_id="renumbered", primary="1", end_date="2027-01-01T09Z")
        .but(SESSIONS, "term", start_date="2026-08-17T00:00:00Z", status="active")
        .but(ORGS, "school", name=" Name ", type="SCHOOL")
    )
    night = nights.run(other)
    assert night.changes == []
    assert all(c.unchanged and not c.updated for c in night.outcome.counts.values())
    assert night.written == {ORGS, SESSIONS, USERS, ENROLLMENTS}
    assert night.id(ENROLLMENTS, "renumbered") == first.id(ENROLLMENTS, "e-ann")
    assert nights.run(other).written == set()


def test_only_what_differs_is_written(nights: Nights) -> None:
    nights.run(small())
    rows = small().but(CLASSES, "class", title="New").plus(USERS, user("eve"))
    night = nights.run(rows.but(USERS, "tom", enabled_user="false"))
    assert night.did() == {
        ("classes", "update", "class"), ("users", "create", "eve"), ("users", "update", "tom"),
    }  # fmt: skip
    assert night.written == {CLASSES, USERS}
    # An unchanged username needs no claim; nor does a user without one.
    assert [night.change(USERS, name).login for name in ("eve", "tom")] == [None, None]
    counts = night.outcome.counts["users"]
    assert (counts.created, counts.updated, counts.unchanged) == (1, 1, 1)


def test_rows_without_a_required_value_are_rejected_each_with_its_reason(nights: Nights) -> None:
    bad = {
        ORGS: [org("o-name", ""), org(None), org(" "), org("x" * 256), org("a\x00b")],
        SESSIONS: [session("s-start", start_date=None), session("s-end", end_date="12.06.2027")],
        COURSES: [course("c-title", title=" ")],
        CLASSES: [class_("k-title", title=None), class_("k-school", None)],
        USERS: [
            user("u-name", given_name=None, family_name=" "),
            user("u-roles", roles=[]),
            user("u-role", role("wizard")),
            user("u-empty", role(None)),
        ],
        ENROLLMENTS: [
            enrollment("e-class", None, "ann"),
            enrollment("e-user", "class", ""),
            enrollment("e-role", "class", "ann", role="Pupil"),
        ],
    }
    rows = small()
    for collection, more in bad.items():
        rows = rows.plus(collection, *more)
    night = nights.run(rows)
    assert sorted(night.told()) == sorted(
        (entity, code, line, field, "not loaded")
        for entity, code, line, field in [
            ("orgs", "missing_value", "3", "name"),
            ("orgs", "missing_sourced_id", "4", "sourcedId"),
            ("orgs", "missing_sourced_id", "5", "sourcedId"),
            ("orgs", "too_long", "6", "sourcedId"),
            ("orgs", "bad_characters", "7", "sourcedId"),
            ("academicSessions", "missing_value", "3", "startDate"),
            ("academicSessions", "ambiguous_date", "4", "endDate"),
            ("courses", "missing_value", "2", "title"),
            ("classes", "missing_value", "2", "title"),
            ("classes", "missing_value", "3", "school"),
            ("users", "missing_value", "3", "givenName"),
            ("users", "missing_value", "4", "roles"),
            ("users", "unknown_role", "5", "role"),
            ("users", "missing_value", "6", "role"),
            ("enrollments", "missing_value", "3", "class"),
            ("enrollments", "missing_value", "4", "user"),
            ("enrollments", "unknown_role", "5", "role"),
        ]
    )
    found = {f["sourcedId"]: f["found"] for f in night.findings}
    assert (found["s-end"], found["u-role"], found["e-role"]) == ("99.99.9999", "wizard", "Pupil")
    assert {f["severity"] for f in night.findings} == {"error"}
    assert all(f["message"] and f["fix"] for f in night.findings)
    schools = {f["sourcedId"]: f["school"] for f in night.findings}
    assert (schools["u-role"], schools["o-name"]) == ("school", "")
    counts = {entity: (c.created, c.rejected) for entity, c in night.outcome.counts.items()}
    assert counts == {
        "partners": (2, 5), "academicSessions": (2, 2), "courses": (1, 1), "classes": (1, 2),
        "users": (2, 4), "enrollments": (2, 3),
    }  # fmt: skip
    again = nights.run(rows)
    assert (again.changes, again.told()) == ([], night.told())


def test_a_wrong_optional_value_is_dropped_until_it_is_right(nights: Nights) -> None:
    rows = (
        small()
        .but(ORGS, "school", type="castle")
        .but(USERS, "ann", email="ann at home", enabled_user="maybe")
        .but(ENROLLMENTS, "e-ann", primary="perhaps", end_date="31/12/2026")
    )
    for _ in range(2):
        night = nights.run(rows)
        lost = "loaded without the value"
        assert sorted(night.told()) == [
            ("enrollments", "bad_boolean", "1", "primary", lost),
            ("enrollments", "bad_date", "1", "endDate", lost),
            ("orgs", "unknown_term", "2", "type", lost),
            ("users", "bad_boolean", "1", "enabledUser", lost),
            ("users", "bad_email", "1", "email", lost),
        ]
        assert night.row(USERS, "ann")["email"] is None
        assert night.row(USERS, "ann")["enabled"]
        assert night.row(ORGS, "school")["type"] is None
    assert night.changes == []
    found = {f["code"]: f["found"] for f in night.findings}
    assert (found["bad_email"], found["unknown_term"]) == ("11 characters", "castle")
    healed = nights.run(rows.but(USERS, "ann", email="ann@home.example"))
    assert healed.did() == {("users", "update", "ann")}


def test_a_soft_reference_is_dropped_with_a_warning_until_its_target_comes(
    nights: Nights,
) -> None:
    rows = (
        small()
        .but(ORGS, "school", parent="region")
        .but(SESSIONS, "term", parent="era")
        .but(COURSES, "course", org="college", school_year="1999")
        .but(CLASSES, "class", course="magic", terms=["term", "spring"])
        .but(USERS, "ann", agents=["mum"], primary_org="college")
        .but(USERS, "tom", roles=[role("teacher", "college"), role("teacher")])
    )
    expected = [
        ("academicSessions", "reference_unresolved", "2", "parent"),
        ("classes", "reference_unresolved", "1", "course"),
        ("classes", "reference_unresolved", "1", "terms"),
        ("courses", "reference_unresolved", "1", "org"),
        ("courses", "reference_unresolved", "1", "schoolYear"),
        ("orgs", "reference_unresolved", "2", "parent"),
        ("users", "reference_unresolved", "1", "agents"),
        ("users", "reference_unresolved", "1", "primaryOrg"),
        ("users", "reference_unresolved", "2", "orgs"),
    ]
    for _ in range(2):
        night = nights.run(rows)
        assert sorted(night.told()) == [(*told, "loaded without the value") for told in expected]
        assert night.row(CLASSES, "class")["term_ids"] == [own_id(SESSIONS, "term")]
        assert night.row(USERS, "tom")["org_ids"] == [None, own_id(ORGS, "school")]
    assert night.written == set()
    healed = nights.run(
        rows.plus(ORGS, org("region"), org("college"))
        .plus(SESSIONS, session("era"), session("1999"), session("spring"))
        .plus(COURSES, course("magic"))
        .plus(USERS, user("mum", role("aide")))
    )
    assert healed.told() == []
    assert {did for did in healed.did() if did[1] == "update"} == {
        ("partners", "update", "school"), ("academicSessions", "update", "term"),
        ("courses", "update", "course"), ("classes", "update", "class"),
        ("users", "update", "ann"), ("users", "update", "tom"),
    }  # fmt: skip
    assert healed.row(USERS, "ann")["agent_ids"] == [own_id(USERS, "mum")]
    assert healed.row(CLASSES, "class")["term_ids"] == [
        own_id(SESSIONS, "spring"), own_id(SESSIONS, "term"),
    ]  # fmt: skip


def test_a_hard_reference_that_does_not_resolve_rejects_the_row(nights: Nights) -> None:
    rows = (
        small()
        .plus(ORGS, org("bad", ""))
        .plus(CLASSES, class_("k-lost", "nowhere"), class_("k-bad", "bad"))
        .plus(USERS, user("u-bad", role("wizard")))
        .plus(
            ENROLLMENTS,
            enrollment("e-class", "nothing", "ann"),
            enrollment("e-user", "class", "nobody"),
            enrollment("e-k-bad", "k-bad", "ann"),
            enrollment("e-u-bad", "class", "u-bad"),
        )
    )
    night = nights.run(rows)
    told = {f["sourcedId"]: (f["code"], f["field"]) for f in night.findings}
    assert told == {
        "bad": ("missing_value", "name"),
        "k-lost": ("reference_unresolved", "school"),
        "k-bad": ("reference_rejected", "school"),
        "u-bad": ("unknown_role", "role"),
        "e-class": ("reference_unresolved", "class"),
        "e-user": ("reference_unresolved", "user"),
        "e-k-bad": ("reference_rejected", "class"),
        "e-u-bad": ("reference_rejected", "user"),
    }
    assert {f["consequence"] for f in night.findings} == {"not loaded"}
    assert night.outcome.counts["enrollments"].rejected == 4
    healed = nights.run(
        rows.but(ORGS, "bad", name="Good")
        .but(USERS, "u-bad", roles=[role()])
        .plus(ORGS, org("nowhere"))
    )
    assert healed.outcome.counts["classes"].created == 2
    assert {did for did in healed.did() if did[0] == "enrollments"} == {
        ("enrollments", "create", "e-k-bad"), ("enrollments", "create", "e-u-bad"),
    }  # fmt: skip


def test_a_known_record_with_a_bad_row_is_kept_with_what_refers_to_it(nights: Nights) -> None:
    rows = small()
    nights.run(rows)
    for _ in range(2):
        bad = nights.run(
            rows.but(ORGS, "school", name=None)
            .but(CLASSES, "class", school="nowhere")
            .but(USERS, "ann", roles=[role("wizard")], given_name="Other")
            .but(USERS, "tom", sourced_id=" tom\t", given_name=None, family_name=None)
            .but(ENROLLMENTS, "e-tom", sourced_id="e-other", role="wizard")
        )
        assert bad.changes == []
        assert bad.states(ORGS)["school"] == "stale"
        assert bad.states(CLASSES) == {"class": "stale"}
        assert bad.states(USERS) == {"ann": "stale", "tom": "stale"}
        assert bad.states(ENROLLMENTS) == {"e-ann": "current", "e-tom": "stale"}
        assert bad.row(USERS, "ann")["given_name"] == "Given"
        assert bad.row(CLASSES, "class")["school_id"] == own_id(ORGS, "school")
        kept = {f["entity"] for f in bad.findings if f["consequence"] == "kept as before"}
        assert kept >= {"orgs", "classes", "users"}
        assert "pending_deletions" not in bad.notices
    assert bad.written == set()
    good = nights.run(rows)
    assert (good.changes, good.told()) == ([], [])
    for collection in Collection:
        assert set(good.states(collection).values()) == {"current"}
    assert nights.run(rows).written == set()


def test_a_missing_record_is_pending_and_returns_without_a_write(
    nights: Nights,
) -> None:
    rows = small().plus(USERS, user("eve")).plus(COURSES, course("other"))
    nights.run(rows)
    less = rows.minus(USERS, "ann", "eve").minus(COURSES, "other").minus(ENROLLMENTS, "e-ann")
    for _ in range(2):
        night = nights.run(less)
        assert night.changes == []
        assert night.notices == ["pending_deletions"]
        assert night.states(USERS) == {
            "ann": "pending gone", "eve": "pending gone", "tom": "current",
        }  # fmt: skip
        assert night.states(COURSES)["other"] == "pending gone"
        assert night.states(ENROLLMENTS)["e-ann"] == "pending gone"
        assert night.outcome.counts["users"].unchanged == 3
    assert night.written == set()
    back = nights.run(rows.but(USERS, "eve", given_name="Eva"))
    assert back.did() == {("users", "update", "eve")}
    assert back.notices == []
    assert set(back.states(USERS).values()) == {"current"}


def test_nobody_is_gone_without_proof(nights: Nights) -> None:
    more = {
        ORGS: org("other"), SESSIONS: session("other"), COURSES: course("other"),
        CLASSES: class_("other"), USERS: user("eve"),
        ENROLLMENTS: enrollment("e-eve", "other", "eve"),
    }  # fmt: skip
    left = small()
    nights.run(Rows({c: [*few, more[c]] for c, few in left.items()}))
    for status in (CollectionStatus.UNPROVEN, CollectionStatus.DELTA):
        night = nights.run(left, dict.fromkeys(Collection, status))
        assert (night.changes, night.notices, night.written) == ([], [], set())
    for nothing in (Rows({}), Rows({collection: [] for collection in Collection})):
        night = nights.run(nothing)
        assert (night.changes, night.notices) == ([], [])
    nameless = left
    for collection, row in {
        ORGS: org(" "), SESSIONS: session(None), COURSES: course(""), CLASSES: class_("\t"),
        USERS: user("\xa0"), ENROLLMENTS: enrollment("e", None, "ann"),
    }.items():  # fmt: skip
        nameless = nameless.plus(collection, row)
    night = nights.run(nameless)
    assert (night.changes, night.notices) == ([], [])
    assert {f["code"] for f in night.findings} == {"missing_sourced_id", "missing_value"}
    assert nights.run(left).notices == ["pending_deletions"]


def test_a_pending_record_stays_pending_until_it_is_seen(nights: Nights) -> None:
    nights.run(small())
    nights.run(small().minus(USERS, "ann").minus(ENROLLMENTS, "e-ann"))
    night = nights.run(Rows({}))
    assert night.states(USERS)["ann"] == "pending gone"
    assert night.states(ENROLLMENTS)["e-ann"] == "pending gone"
    night = nights.run(
        Rows({USERS: [user("ann", username="ann")]}), {USERS: CollectionStatus.DELTA}
    )
    assert night.states(USERS) == {"ann": "current", "tom": "current"}
    assert night.changes == []


def test_tobedeleted_is_gone_even_in_a_delta(nights: Nights) -> None:
    rows = small()
    nights.run(rows)
    deleted = (
        rows.but(USERS, "ann", status=" ToBeDeleted ")
        .but(ENROLLMENTS, "e-ann", status="tobedeleted", sourced_id="other")
        .but(CLASSES, "class", status="tobedeleted", title=None)
        .plus(USERS, user("never", status="tobedeleted"))
    )
    night = nights.run(deleted, dict.fromkeys(Collection, CollectionStatus.DELTA))
    assert (night.changes, night.told()) == ([], [])
    assert night.states(USERS) == {"ann": "pending tobedeleted", "tom": "current"}
    assert night.states(ENROLLMENTS) == {"e-ann": "pending tobedeleted", "e-tom": "current"}
    assert night.states(CLASSES) == {"class": "pending tobedeleted"}


def test_the_last_of_several_rows_with_one_sourced_id_counts(nights: Nights) -> None:
    rows = small().plus(
        USERS, user("ann", given_name="Last"), user("tom", role("teacher"), username="tom")
    )
    rows = rows.plus(
        ENROLLMENTS,
        enrollment("e-2", "class", "ann"),
        enrollment("e-3", "class", "ann", end_date="2026-12-01"),
    )
    for _ in range(2):
        night = nights.run(rows)
        assert night.row(USERS, "ann")["given_name"] == "Last"
        assert sorted(night.told()) == [
            ("enrollments", "duplicate_membership", "4", "beginDate", "not loaded"),
            # A teacher's row twice, and a membership twice under different ids.
            ("enrollments", "duplicate_row_identical", "3", "sourcedId", "loaded"),
            ("users", "duplicate_row", "3", "sourcedId", "loaded"),
            ("users", "duplicate_row_identical", "4", "sourcedId", "loaded"),
        ]
        # The membership without an end lasts longest; the other row is not another membership.
        assert [row["end_date"] for row in night.held[ENROLLMENTS]] == [None, None]
        assert len(night.held[USERS]) == 2
    assert night.written == set()


def test_a_row_without_sourced_id_does_not_replace_a_record_named_like_its_line(
    nights: Nights,
) -> None:
    rows = small()
    for collection, row in {ORGS: org("4"), USERS: user("4")}.items():
        rows = rows.plus(collection, row, row | {"sourced_id": None})
    night = nights.run(rows)
    assert "4" in night.states(ORGS)
    assert "4" in night.states(USERS)


def test_space_around_a_sourced_id_does_not_make_another_record(nights: Nights) -> None:
    first = nights.run(small())
    spaced = Rows(
        {
            collection: [
                row
                | {
                    name: f"\t{row[name]}\xa0\n"
                    for name in ("sourced_id", "class", "user", "school")
                    if row.get(name)
                }
                for row in rows
            ]
            for collection, rows in small().items()
        }
    )
    night = nights.run(spaced)
    assert (night.changes, night.notices, night.told()) == ([], [], [])
    for collection in Collection:
        assert night.states(collection) == first.states(collection)
    assert nights.run(spaced).written == set()


def test_an_enrollment_belongs_to_the_school_of_its_class(
    nights: Nights,
) -> None:
    rows = (
        small()
        .but(ENROLLMENTS, "e-ann", school="district")
        .but(ENROLLMENTS, "e-tom", school="school")
    )
    for _ in range(2):
        night = nights.run(rows)
        assert night.told() == [("enrollments", "school_differs", "1", "school", "loaded")]
        assert night.row(ENROLLMENTS, "e-ann")["school_id"] == own_id(ORGS, "school")
    moved = nights.run(rows.but(CLASSES, "class", school="district"))
    assert moved.did() == {
        ("classes", "update", "class"), ("enrollments", "update", "e-ann"),
        ("enrollments", "update", "e-tom"),
    }  # fmt: skip


def test_one_user_has_several_memberships_of_a_class_by_role_and_begin(nights: Nights) -> None:
    rows = small().plus(
        ENROLLMENTS,
        enrollment("e-3", "class", "ann", begin_date="2027-02-01"),
        enrollment("e-4", "class", "ann", role="aide"),
        enrollment(None, "class", "tom", begin_date=None),
    )
    night = nights.run(rows)
    assert len({row["id"] for row in night.held[ENROLLMENTS]}) == 5
    gone = nights.run(rows.minus(ENROLLMENTS, "e-3", None))
    assert gone.states(ENROLLMENTS) == {
        "e-ann": "current", "e-tom": "current", "e-4": "current",
        "e-3": "pending gone", None: "pending gone",
    }  # fmt: skip


def test_reports_show_no_secrets_and_no_personal_values(nights: Nights) -> None:
    rows = small().plus(
        USERS,
        user("u1", role("wizard"), given_name="Confidential", email="Confidential"),
        user("u2", email="Confidential", family_name="Confidential"),
        user("u3", given_name="Confidential" * 100),
    )
    night = nights.run(rows)
    assert len(night.findings) == 3
    text = night.outcome.report.read_text()
    assert "Confidential" not in text
    assert nights.config.secrets[SecretName.SECRET_KEY] not in text
