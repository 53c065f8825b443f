"""What must be true of a roster, whatever happened before."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.domain.group.hold import Hold
from shared.domain.ids import SourcedId, record_id
from shared.domain.roster.collection import Collection
from shared.domain.roster.record_exception import Effect
from shared.domain.run.run import Run, RunState
from shared.planning.standing import Answer
from tests.fakes.simulation import GROUP, Simulation
from tests.property.any_source import CLASSES, ENROLLMENTS, USERS, Json

ENDED_WELL = (RunState.SUCCEEDED, RunState.HELD)


@dataclass(frozen=True)
class Seen:
    """Who is in a roster.

    ``people``: by identifier, the ids of the records of a person.
    ``members``: who is in which class: identifiers, and sourcedIds of classes.
    ``bear``: by sourcedId, whose record bears it.
    """

    people: dict[str, set[str]]
    bear: dict[str, str]
    members: set[tuple[str, str]]


def seen(world: Simulation) -> Seen:
    """See who is in the roster."""
    users, classes = world.docs(USERS), world.docs(CLASSES)
    people = defaultdict(set)
    for id_, doc in users.items():
        people[str(doc["identifier"])].add(id_)
    members = {
        (
            str(users[str(doc["userId"])]["identifier"]),
            str(classes[str(doc["classId"])]["sourcedId"]),
        )
        for doc in world.docs(ENROLLMENTS).values()
        if doc["userId"] in users and doc["classId"] in classes
    }
    bear = {str(doc["sourcedId"]): str(doc["identifier"]) for doc in users.values()}
    return Seen(dict(people), bear, members)


def check_nobody_is_lost(before: Seen, world: Simulation) -> None:
    """Check that whoever is in the delivery and was in the roster stays, as the same record.

    So does whom a person keeps; whom a person leaves out does not.
    """
    after = seen(world)
    source = world.source.collections
    delivered = {str(entity["identifier"]) for entity in source[USERS].values()}
    members = {
        (_identifier(row["user"]["sourcedId"]), str(row["class"]["sourcedId"]))
        for row in source[ENROLLMENTS].values()
    }
    kept = {who for name, who in before.bear.items() if excepted(world, name) is Effect.KEEP}
    out = {_identifier(name) for name in left_out(world, before)}
    there = (delivered | kept | {person for person, _ in members}) - out
    for person in before.people.keys() & there:
        assert before.people[person] == after.people.get(person), person
    assert {member for member in before.members & members if member[0] not in out} <= after.members
    assert not left_out(world, before) & after.bear.keys()


def excepted(world: Simulation, sourced_id: str) -> Effect | None:
    """What an exception does to the user with a sourcedId."""
    digest = record_id(GROUP, USERS.entity, SourcedId(sourced_id))
    effects = {each.digest: each.effect for each in world.exceptions.all(GROUP)}
    return effects.get(digest)


def left_out(world: Simulation, before: Seen) -> set[str]:
    """The sourcedIds of users that are left out, of those that are or were in sight."""
    rows = world.source.collections[ENROLLMENTS].values()
    names = {str(row["user"]["sourcedId"]) for row in rows}
    names |= world.source.collections[USERS].keys() | before.bear.keys()
    return {name for name in names if excepted(world, name) is Effect.LEAVE_OUT}


def check_who_is_who(world: Simulation) -> None:
    """Check that nobody is two people, and that no two people are one."""
    for person, ids in seen(world).people.items():
        assert len(ids) == 1, person
    owners = defaultdict(set)
    for row in world.snapshot_rows(USERS):
        owners[row["id"]].add(_identifier(row["sourced_id"]))
    assert all(len(people) == 1 for people in owners.values()), dict(owners)


def check_counts(run: Run, world: Simulation) -> None:
    """Check that the counts of a run sum to the roster (decision 29)."""
    for collection in Collection:
        counts = run.counts[collection.entity]
        there = (counts.created, counts.updated, counts.restored, counts.rekeyed, counts.unchanged,
                 counts.held, counts.kept)  # fmt: skip
        assert min(there) >= 0, (collection, counts)
        assert sum(there) == len(world.docs(collection)), (collection, counts)


def check_nobody_besides(world: Simulation) -> None:
    """Check that after approved updates only the records that a person keeps are left over."""
    for collection in (USERS, CLASSES):
        source = world.source.collections[collection]
        if not source:
            continue  # an empty collection proves nothing
        rows = [row for row in world.snapshot_rows(collection) if row["hold"] != Answer.KEPT]
        here = {str(r["sourced_id"]) for r in rows if r["state"] not in ("deleted", "ended")}
        kept = {name for name in here if collection is USERS and excepted(world, name)}
        assert here - kept <= source.keys(), collection


def check_equal(world: Simulation, state: RunState) -> None:
    """Check that the roster has what the source has, but for what a person decides otherwise."""
    assert state in ENDED_WELL
    assert world.group.dirty == ()
    source = world.source.collections
    waits = set(waiting(world))
    for collection in Collection:
        held, docs = world.held(collection), world.docs(collection)
        assert held.keys() == docs.keys(), collection
    by_sourced_id = {
        collection: {str(doc["sourcedId"]): doc for doc in world.docs(collection).values()}
        for collection in Collection
        if collection is not ENROLLMENTS
    }
    for sourced_id, entity in source[CLASSES].items():
        if (CLASSES.entity, sourced_id) in waits:
            continue
        doc = by_sourced_id[CLASSES][sourced_id]
        assert doc["title"] == entity["title"]
        school = by_sourced_id[Collection.ORGS][entity["school"]["sourcedId"]]
        assert doc["partnerId"] == _id_of(world, Collection.ORGS, school)
    for sourced_id, entity in source[USERS].items():
        if (USERS.entity, sourced_id) in waits or not _good(entity):
            continue
        if excepted(world, sourced_id) is Effect.LEAVE_OUT:
            continue
        doc = by_sourced_id[USERS][sourced_id]
        assert (doc["givenName"], doc["loginName"]) == (entity["givenName"], entity["username"])
    logins = {name: owner for (_, name), (owner, _) in world.roster.logins.items()}
    for id_, doc in world.docs(USERS).items():
        assert logins[str(doc["loginName"]).casefold()] == id_
    assert len(logins) == len(world.docs(USERS))
    memberships = {(doc["classId"], doc["userId"]) for doc in world.docs(ENROLLMENTS).values()}
    ids = {
        collection: {str(doc["sourcedId"]): id_ for id_, doc in world.docs(collection).items()}
        for collection in (CLASSES, USERS)
    }
    for sourced_id, entity in source[ENROLLMENTS].items():
        class_id = ids[CLASSES].get(entity["class"]["sourcedId"])
        user_id = ids[USERS].get(entity["user"]["sourcedId"])
        if class_id and user_id and (ENROLLMENTS.entity, sourced_id) not in waits:
            assert (class_id, user_id) in memberships


def waiting(world: Simulation) -> Iterator[tuple[str, str]]:
    """Entity and sourcedId of what waits for a person, or was rejected by one."""
    kept = world.group.base.kept if world.group.base else None
    for hold in (world.group.hold, kept):
        if hold is not None:
            yield from ((row["entity"], row["sourcedId"]) for row in listed(world, hold))


def listed(world: Simulation, hold: Hold) -> list[dict[str, str]]:
    """The list of a hold, as a person reads it."""
    text = world.objects.objects[hold.list_key].decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _identifier(sourced_id: str) -> str:
    """Whom a sourcedId stands for: ``user-1`` and ``user-1-7`` are person 1."""
    return f"ID-{sourced_id.split('-')[1]}"


def _good(entity: Json) -> bool:
    return all(role["role"] != "wizard" for role in entity["roles"])


def _id_of(world: Simulation, collection: Collection, wanted: dict[str, Any]) -> str:
    return next(id_ for id_, doc in world.docs(collection).items() if doc is wanted)
