"""A group's source, and what may happen to it.

People are known by their number: ``identifier`` and family name are theirs for good, the rest may
change. Whoever is in a class is named by an enrollment, whose sourcedId says nothing.
"""

from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from shared.domain.group.choices import MatchWith
from shared.domain.group.guard import GuardSettings
from shared.domain.roster.collection import Collection
from tests.fakes.simulation import Simulation, config
from tests.fakes.source import class_, course, enrollment, org, session, user

SCHOOLS = ("school-1", "school-2")
USERS, CLASSES, ENROLLMENTS = Collection.USERS, Collection.CLASSES, Collection.ENROLLMENTS

numbers = st.integers(0, 2)

Json = dict[str, Any]


class AnySource(RuleBasedStateMachine):
    """One group, and a source to which anything may happen."""

    def __init__(self) -> None:
        super().__init__()
        # The guard must hold some of these few records.
        guard = GuardSettings(
            deleted_percent=40, deleted_minimum=2, class_size=2, changed_minimum=2
        )
        self.world = Simulation(group_config=config(guard=guard))
        self.names = 0
        self.sourced_ids: dict[int, str] = {}

    @initialize(match=st.sampled_from([MatchWith.SOURCED_ID, MatchWith.IDENTIFIER]))
    def a_small_district(self, match: MatchWith = MatchWith.SOURCED_ID) -> None:
        group, source = self.world.group, self.world.source
        group.config = group.config.model_copy(update={"match_with": match})
        source.put(Collection.ORGS, org("district"), *(org(s, s, "district") for s in SCHOOLS))
        source.put(Collection.ACADEMIC_SESSIONS, session("term"))
        source.put(Collection.COURSES, course("course", "district"))
        source.put(CLASSES, class_("class-0", SCHOOLS[0], course_id="course"))
        self.a_user_comes_or_changes(0, SCHOOLS[0])
        self.somebody_enrolls(0, 0)

    # Ordinary days

    @rule(number=numbers, school=st.sampled_from(SCHOOLS))
    def a_user_comes_or_changes(self, number: int, school: str) -> None:
        sourced_id = self.sourced_id(number)
        known = self.world.source.collections[USERS].get(sourced_id, {})
        entity = user(
            sourced_id, school, name=self._new("Name"),
            username=known.get("username", f"user-{number}"),
        )  # fmt: skip
        own = {"identifier": f"ID-{number}", "familyName": f"Family {number}"}
        self.world.source.put(USERS, entity | own)

    @rule(number=numbers)
    def a_user_gets_another_username(self, number: int) -> None:
        self._change_user(number, username=self._new("login"))

    @rule(number=numbers)
    def a_user_leaves(self, number: int) -> None:
        self.a_user_row_is_lost(number)
        self._drop_enrollments("user", self.sourced_id(number))

    @rule(number=numbers, school=st.sampled_from(SCHOOLS))
    def a_class_comes_or_changes(self, number: int, school: str) -> None:
        entity = class_(f"class-{number}", school, self._new("Title"), "course")
        self.world.source.put(CLASSES, entity)

    @rule(number=numbers)
    def a_class_goes(self, number: int) -> None:
        self.a_class_row_is_lost(number)
        self._drop_enrollments("class", f"class-{number}")

    @rule(one=numbers, other=numbers)
    def somebody_enrolls(self, one: int, other: int) -> None:
        if self._membership(one, other) is None:
            entity = enrollment(self._new("e"), f"class-{one}", self.sourced_id(other))
            self.world.source.put(ENROLLMENTS, entity)

    @rule(one=numbers, other=numbers)
    def somebody_drops_out(self, one: int, other: int) -> None:
        if found := self._membership(one, other):
            del self.world.source.collections[ENROLLMENTS][found["sourcedId"]]

    # Mistakes, and what looks like one

    @rule(number=numbers)
    def a_user_row_turns_bad(self, number: int) -> None:
        self._change_user(number, roles=[{"role": "wizard"}])

    @rule(number=numbers)
    def a_user_row_is_lost(self, number: int) -> None:
        self.world.source.collections[USERS].pop(self.sourced_id(number), None)

    @rule(number=numbers)
    def a_class_row_is_lost(self, number: int) -> None:
        self.world.source.collections[CLASSES].pop(f"class-{number}", None)

    @rule(by=st.integers(1, 4), new=st.booleans())
    def the_enrollments_are_numbered_anew(self, by: int, *, new: bool) -> None:
        """Give rows other sourcedIds: new ones, or those of the rows further on."""
        rows = self.world.source.collections[ENROLLMENTS]
        old = [*rows]
        ids = [self._new("e") for _ in rows] if new else old[by:] + old[:by]
        self.world.source.collections[ENROLLMENTS] = {
            sourced_id: row | {"sourcedId": sourced_id}
            for sourced_id, row in zip(ids, rows.values(), strict=True)
        }

    @rule(one=numbers, other=numbers, third=numbers)
    def a_row_names_another_class(self, one: int, other: int, third: int) -> None:
        """Somebody changes class, and the row keeps its sourcedId."""
        found = self._membership(one, other)
        if found and self._membership(third, other) is None:
            changed = found | {"class": {"sourcedId": f"class-{third}"}}
            self.world.source.put(ENROLLMENTS, changed)

    @precondition(lambda self: self.world.group.config.match_with is MatchWith.IDENTIFIER)
    @rule(number=numbers)
    def a_user_gets_another_sourced_id(self, number: int) -> None:
        old = self.sourced_id(number)
        new = self.sourced_ids[number] = self._new(f"user-{number}")
        collections = self.world.source.collections
        if entity := collections[USERS].pop(old, None):
            collections[USERS][new] = entity | {"sourcedId": new}
        for row in collections[ENROLLMENTS].values():
            if row["user"]["sourcedId"] == old:
                self.world.source.put(ENROLLMENTS, row | {"user": {"sourcedId": new}})

    def mend_the_source(self) -> None:
        """Leave out the enrollments that name what the source does not deliver."""
        collections = self.world.source.collections
        collections[ENROLLMENTS] = {
            sourced_id: row
            for sourced_id, row in collections[ENROLLMENTS].items()
            if row["user"]["sourcedId"] in collections[USERS]
            and row["class"]["sourcedId"] in collections[CLASSES]
        }

    def _change_user(self, number: int, **values: object) -> None:
        users = self.world.source.collections[USERS]
        if entity := users.get(self.sourced_id(number)):
            self.world.source.put(USERS, entity | values)

    def _membership(self, class_number: int, user_number: int) -> Json | None:
        wanted = (f"class-{class_number}", self.sourced_id(user_number))
        rows = self.world.source.collections[ENROLLMENTS].values()
        return next(
            (r for r in rows if (r["class"]["sourcedId"], r["user"]["sourcedId"]) == wanted), None
        )

    def _drop_enrollments(self, field: str, sourced_id: str) -> None:
        rows = self.world.source.collections[ENROLLMENTS]
        kept = {key: row for key, row in rows.items() if row[field]["sourcedId"] != sourced_id}
        self.world.source.collections[ENROLLMENTS] = kept

    def sourced_id(self, number: int) -> str:
        """The sourcedId under which the source knows a person now."""
        return self.sourced_ids.get(number, f"user-{number}")

    def _new(self, word: str) -> str:
        self.names += 1
        return f"{word}-{self.names}"
