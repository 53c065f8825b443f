"""Login names that change hands, the whole way of a run: in any order of batches, some twice."""

import csv
import io
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain import object_keys
from shared.domain.group.secrets import SecretName
from shared.domain.ids import GroupId
from shared.domain.roster.collection import Collection
from shared.domain.run.results import RunEnd
from shared.domain.run.run import Mode, Reason, Run, RunState
from shared.sync import change_file
from tests.fakes.simulation import Simulation, config
from tests.fakes.source import org, user
from tests.fakes.world import PlainSecrets

NAMES = [f"name-{number}" for number in range(6)]
STAYING = [f"staying-{number}" for number in range(4)]
OTHERS = [f"other-{number}" for number in range(4)]


FILLERS = {f"filler-{number}": f"f-{number}" for number in range(40)}
"""Pupils whom nothing happens to, so that the guard finds a few changes among many."""


def deliver(world: Simulation, **usernames: str) -> None:
    """Have the source deliver these pupils, by sourcedId, and the fillers."""
    world.source.collections[Collection.USERS].clear()
    for name, username in (usernames | FILLERS).items():
        world.source.put(Collection.USERS, user(name, "school", username=username))


def school(**usernames: str) -> Simulation:
    """A group in which these pupils are loaded."""
    world = Simulation()
    world.source.put(Collection.ORGS, org("district"), org("school", parent="district"))
    deliver(world, **usernames)
    world.sync()
    return world


def logins(world: Simulation) -> dict[str, object]:
    """By sourcedId, the login name of everybody who is there."""
    docs = world.docs(Collection.USERS).values()
    found = {str(doc["sourcedId"]): doc.get("loginName") for doc in docs}
    return {person: name for person, name in found.items() if person not in FILLERS}


def owners(world: Simulation) -> dict[str, str]:
    """By login name, the sourcedId of the user who has it."""
    ids = {id_: str(doc["sourcedId"]) for id_, doc in world.docs(Collection.USERS).items()}
    logins = world.roster.logins.items()
    found = {name: ids[user] for (_, name), (user, _) in logins if user in ids}
    return {name: person for name, person in found.items() if person not in FILLERS}


def report(world: Simulation, run: Run) -> list[dict[str, str]]:
    """What the error report of a run says of login names."""
    text = world.objects.objects[object_keys.errors_key(run.key)].decode()
    rows = csv.DictReader(io.StringIO(text))
    return [row for row in rows if row["code"].startswith("login_name")]


def apply_shuffled(world: Simulation, shuffle: Random) -> None:
    """Deliver what waits in any order; some of it twice, and some to workers that die over it."""
    while world.queue.messages:
        message = world.take(shuffle.randrange(len(world.queue.messages)))
        died = not world.deliver(message, die_at=shuffle.choice([None, None, None, 0, 1]))
        if died or shuffle.random() < 1 / 3:
            world.queue.messages.append(message)
    world.settle()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), shuffle=st.randoms(use_true_random=False))
def test_everybody_ends_with_the_delivered_name(data: st.DataObject, shuffle: Random) -> None:
    """Names move among who stays, leaves and comes, over some nights; one batch is one change."""
    first = dict(zip(STAYING + OTHERS[:2], data.draw(st.permutations(NAMES)), strict=True))
    world = school(**first)
    for _ in range(2):
        there = STAYING + [name for name in OTHERS if data.draw(st.booleans())]
        there = there[: len(NAMES)]
        now = dict(zip(there, data.draw(st.permutations(NAMES)), strict=False))
        deliver(world, **now)
        run = world.request(Mode.UPDATE)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(change_file, "CHANGES_PER_BATCH", 1)
            apply_shuffled(world, shuffle)
        assert world.control.runs[run.key].state is RunState.SUCCEEDED, now
        assert logins(world) == now
        assert owners(world) == {name: person for person, name in now.items()}


def test_a_restored_roster_has_the_names_of_its_time() -> None:
    world = school(a="ann", b="bob", old="kim")
    deliver(world, a="bob", b="ann", new="kim")
    world.sync(Mode.UPDATE)
    assert logins(world) == {"a": "bob", "b": "ann", "new": "kim"}
    run = world.restore(1)
    assert logins(world) == {"a": "ann", "b": "bob", "old": "kim"}
    assert owners(world) == {"ann": "a", "bob": "b", "kim": "old"}
    assert (run.state, report(world, run)) == (RunState.SUCCEEDED, [])


def test_a_run_that_is_cancelled_in_the_middle_leaves_nobody_without_a_name_for_good() -> None:
    world = school(a="ann", b="bob", c="cem")
    deliver(world, a="bob", b="cem", c="ann")
    run = world.request(Mode.UPDATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(change_file, "CHANGES_PER_BATCH", 1)
        while world.control.runs[run.key].state is not RunState.APPLYING:
            world.deliver(world.take())
        world.deliver(world.take())
        world.queue.messages.clear()
    reason = Reason(code="cancelled", message="A person stopped the run.")
    assert world.control.close(run.key, world.now, RunEnd(RunState.FAILED, reason), None)
    # The source has changed its mind meanwhile.
    deliver(world, a="ann", b="bob", c="cem")
    assert world.sync(Mode.UPDATE).state is RunState.SUCCEEDED
    assert logins(world) == {"a": "ann", "b": "bob", "c": "cem"}
    assert owners(world) == {"ann": "a", "bob": "b", "cem": "c"}


def beside_of(world: Simulation, **usernames: str) -> Simulation:
    """Another group of the enterprise, in which nothing is loaded yet."""
    group = GroupId("group-2")
    secret = PlainSecrets().encrypt(group, SecretName.SECRET_KEY, "secret")
    named = config(name="Shelbyville", secrets={SecretName.SECRET_KEY: secret})
    other = Simulation(group_id=group, group_config=named, beside=world)
    other.source.put(Collection.ORGS, org("district"))
    for name, username in usernames.items():
        other.source.put(Collection.USERS, user(name, "district", username=username))
    return other


def test_a_name_of_another_group_is_reported_by_row_until_it_is_free() -> None:
    first = school(a="ann")
    other = beside_of(first, n="Ann", m="mia")
    for _ in range(2):
        run = other.sync(Mode.UPDATE)
        assert (run.state, run.reason and run.reason.code) == (
            RunState.SUCCEEDED_WITH_ERRORS, "login_name_taken",
        )  # fmt: skip
        assert run.reason is not None
        assert "the group Springfield (group-1) has it (1)" in run.reason.message
        [row] = report(other, run)
        assert (row["code"], row["sourcedId"], row["found"]) == (
            "login_name_elsewhere", "n", "Springfield (group-1)",
        )  # fmt: skip
        assert logins(other) == {"n": None, "m": "mia"}
    assert other.control.runs[run.key].plan is None, "nothing was written again"
    deliver(first, a="anna")
    first.sync(Mode.UPDATE)
    assert other.sync(Mode.UPDATE).state is RunState.SUCCEEDED
    assert logins(other) == {"n": "Ann", "m": "mia"}


def test_a_preview_names_who_could_not_have_the_name() -> None:
    other = beside_of(school(a="ann"), n="ann")
    run = other.sync(Mode.PREVIEW)
    assert (run.state, run.reason and run.reason.code) == (
        RunState.SUCCEEDED, "login_name_taken",
    )  # fmt: skip
    assert [row["sourcedId"] for row in report(other, run)] == ["n"]
    assert logins(other) == {}


def test_a_name_that_another_group_takes_meanwhile_is_reported_by_the_next_run() -> None:
    first = school(a="ann")
    other = beside_of(first, n="kim")
    run = other.request(Mode.UPDATE)
    while other.control.runs[run.key].state is not RunState.APPLYING:
        other.deliver(other.take())
    deliver(first, a="kim")
    first.sync(Mode.UPDATE)
    other.drain()
    ended = other.control.runs[run.key]
    assert ended.state is RunState.SUCCEEDED_WITH_ERRORS
    assert ended.reason is not None
    assert (
        "1 user could not get its login name, because another user took it" in ended.reason.message
    )
    assert (logins(first), logins(other)) == ({"a": "kim"}, {"n": None})
    [row] = report(other, other.sync(Mode.UPDATE))
    assert (row["code"], row["found"]) == ("login_name_elsewhere", "Springfield (group-1)")
    assert owners(first) == {"kim": "a"}
