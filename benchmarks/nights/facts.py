"""Who has access to what on a day: as it is true, and as the roster shows it.

A fact is a tuple: ``(kind, person, …)``. Both sides make the same facts, so that they can be
compared as sets:

* ``("person", p)``: somebody is there, and enabled.
* ``("login", p, name)``: with this login name.
* ``("name", p, name)``: is called so.
* ``("role", p, role)``: as a pupil, or as a member of staff.
* ``("school", p, school)``: at this school.
* ``("client", p, id)``: under this client partner id.
* ``("member", p, class, role)``: in this class on that day.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from benchmarks.nights.story import Truth
from local.sample_district.records import GUARDIANS
from shared.domain.ids import GroupId
from shared.domain.roster.collection import Collection
from shared.domain.roster.membership import When, when
from tests.fakes.world import InMemoryRoster

Fact = tuple[str, ...]
ORGS, CLASSES, USERS, ENROLLMENTS = (
    Collection.ORGS, Collection.CLASSES, Collection.USERS, Collection.ENROLLMENTS,
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """What the roster shows.

    ``facts``: who has access to what.
    ``people``: by the id of a user, the people that it stands for.
    ``rooms``: by the id of a class, the class.
    """

    facts: frozenset[Fact] = frozenset()
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rooms: Mapping[str, str] = field(default_factory=dict)


def true_facts(truth: Truth, day: date) -> frozenset[Fact]:
    """What is true on a day."""
    district = truth.district
    users = {
        user.sourced_id: user
        for user in district.users
        if user.enabled and user.status == "active" and user.role not in GUARDIANS
    }
    owner = {
        sid: _owner(truth, sid, _full(u.given_name, u.family_name)) for sid, u in users.items()
    }
    rooms = {each.sourced_id for each in district.classes if each.status == "active"}
    names: dict[str, set[str]] = defaultdict(set)
    for sid, user in users.items():
        if user.username:
            names[user.username].add(owner[sid])
    facts: set[Fact] = set()
    for sid, user in users.items():
        person = owner[sid]
        facts.add(("person", person))
        facts.add(("name", person, _full(user.given_name, user.family_name)))
        facts.add(("client", person, truth.client))
        facts.add(("role", person, "pupil" if user.role == "student" else "staff"))
        facts |= {("school", person, truth.same.get(org, org)) for org in user.orgs}
        if user.username and len(names[user.username]) == 1:
            facts.add(("login", person, f"{user.username}{truth.suffix}".casefold()))
    for each in district.enrollments:
        there = each.user in users and each.class_id in rooms and each.status == "active"
        if there and _on(day, each.begin, each.end):
            room = truth.same.get(each.class_id, each.class_id)
            role = "pupil" if each.role == "student" else "staff"
            facts.add(("member", owner[each.user], room, role))
    return frozenset(facts)


def shown_facts(roster: InMemoryRoster, group: GroupId, truth: Truth, day: date) -> Shown:
    """What the roster of a group shows on a day.

    :param truth: who sourcedIds stand for.
    """
    by: dict[Collection, dict[str, dict[str, Any]]] = defaultdict(dict)
    for (pk, sk), record in roster.records.items():
        if pk.startswith(f"{group}#") and record.removal is None:
            by[record.collection][sk.rsplit("#", 1)[-1]] = record.doc
    schools = {
        key: truth.same.get(doc["sourcedId"], doc["sourcedId"]) for key, doc in by[ORGS].items()
    }
    rooms = {
        key: truth.same.get(doc["sourcedId"], doc["sourcedId"]) for key, doc in by[CLASSES].items()
    }
    people = {
        key: frozenset(
            _owner(truth, sid, _full(doc.get("givenName"), doc.get("familyName")))
            for sid in doc.get("sourcedIds", [doc["sourcedId"]])
        )
        for key, doc in by[USERS].items()
    }
    facts: set[Fact] = set()
    for key, doc in by[USERS].items():
        if not doc.get("enabled"):
            continue
        for person in people[key]:
            facts.add(("person", person))
            facts.add(("name", person, _full(doc.get("givenName"), doc.get("familyName"))))
            facts.add(("client", person, doc["clientPartnerId"]))
            if "loginName" in doc:
                facts.add(("login", person, str(doc["loginName"]).casefold()))
            for role in doc.get("roles", []):
                name = "pupil" if role["role"] == "student" else "staff"
                facts.add(("role", person, name))
                if role.get("partnerId") in schools:
                    facts.add(("school", person, schools[role["partnerId"]]))
    for doc in by[ENROLLMENTS].values():
        room, user = rooms.get(doc["classId"]), by[USERS].get(doc["userId"])
        if room is None or user is None or not user.get("enabled"):
            continue
        if _on(day, doc.get("beginDate"), doc.get("endDate")):
            role = "pupil" if doc["role"] == "student" else "staff"
            facts |= {("member", person, room, role) for person in people[doc["userId"]]}
    return Shown(frozenset(facts), people, rooms)


def _owner(truth: Truth, sourced_id: str, name: str) -> str:
    return truth.same.get((sourced_id, name)) or truth.same.get(sourced_id, sourced_id)


def _full(given: str | None, family: str | None) -> str:
    return f"{given or ''} {family or ''}".strip()


def _on(day: date, begin: str | None, end: str | None) -> bool:
    return when(day, _date(begin), _date(end)) is When.CURRENT


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
