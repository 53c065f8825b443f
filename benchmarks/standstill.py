"""Simulates many runs at once while queues stand still, workers die or messages are lost.

    python -m benchmarks.standstill [groups]

By default with 5,000 groups, and always with the template's times and caps. No run may be abandoned
because it waits, and no message may be sent more than six times. The tables are in
docs/capacity.md.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from local.arguments import whole
from local.entry import run_command
from shared.domain.ids import EnterpriseId, GroupId
from shared.messages import ApplyBatch, ExtractLeg, Message, PlanRun, RunMessage
from shared.ports.messaging import WorkQueue
from tests.fakes.fleet import QUEUES, START, Fleet
from tests.template.processed import Template
from tests.template.times import caps_of, times_of

EXTRACT, PLAN, UPSERT = QUEUES
HOUR = timedelta(hours=1)
FEW = 20
"""How many groups are enough if all fail in the same way."""
NIGHT = {EXTRACT: 120, PLAN: 20, UPSERT: 1}
"""Seconds for each part of a run at night: a source of 5,000 users with few changes.

Each group has three batches, of a second each.
"""
SLOW = {EXTRACT: 280, PLAN: 880, UPSERT: 110}
"""Seconds for each part of a run that takes almost as long as its function may."""


@dataclass(frozen=True)
class Seen:
    """The outcome of a scenario; its fields are the columns of the table."""

    what: str
    groups: int
    took: timedelta
    ends: Counter[str]
    messages: int
    copies: int
    resent: int
    parked: int
    looks: int
    writes: int


@dataclass(frozen=True)
class Scenario:
    """A scenario.

    ``what``: what happens, in words.
    ``live``: simulates it with so many groups.
    ``ends``: the states or reasons with which runs may end.
    ``most``: the highest number of groups to simulate; None for any.
    """

    what: str
    live: Callable[[int], Fleet]
    ends: frozenset[str] = frozenset({"Succeeded"})
    most: int | None = None


def fleet(groups: int, capacity: str = "standard", **more: Any) -> Fleet:
    """Groups with the times and caps of the template."""
    template = Template(Capacity=capacity)
    caps = {name: cap for name, cap in caps_of(template).items() if cap is not None}
    return Fleet(groups, times_of(template), caps, **more)


def _stands_still(stopped: set[WorkQueue], hours: float) -> Callable[[int], Fleet]:
    def live(groups: int) -> Fleet:
        world = fleet(groups, stopped=set(stopped))
        world.ask()
        world.go_on(HOUR * hours)
        world.stopped.clear()
        world.step = timedelta(seconds=2)
        world.finish(within=24 * HOUR)
        return world

    return live


def _slow(groups: int) -> Fleet:
    world = fleet(groups, seconds=SLOW)
    world.ask()
    world.finish(within=140 * HOUR)
    return world


def _loses(groups: int) -> Fleet:
    world = fleet(groups)
    numbers = Counter[str]()

    def loses(message: Message) -> bool:
        numbers["all"] += 1
        return numbers["all"] % 10 == 0

    for queue in world.queues.values():
        queue.loses = loses
    world.ask()
    world.finish(within=140 * HOUR)
    return world


def _cannot_send(groups: int) -> Fleet:
    world = fleet(groups)
    world.ask()
    for queue in world.queues.values():
        queue.refuses = lambda message: True
    world.go_on(2 * HOUR)
    for queue in world.queues.values():
        queue.refuses = lambda message: False
    world.finish(within=24 * HOUR)
    return world


def _dies(kind: type[RunMessage], *, early: bool = False) -> Callable[[int], Fleet]:
    def live(groups: int) -> Fleet:
        def fatal(message: RunMessage) -> bool:
            return isinstance(message, kind)

        fate: dict[str, Any] = {"dies_early" if early else "kills": fatal}
        world = fleet(groups, **fate)
        world.ask()
        world.finish(within=140 * HOUR)
        return world

    return live


def _refuses_writes(groups: int) -> Fleet:
    world = fleet(groups)
    world.roster.fails = lambda write: "throttled"
    world.ask()
    world.finish(within=24 * HOUR)
    # A message that failed at its last receive is dead-lettered once its visibility is over.
    world.go_on(HOUR)
    return world


def _never_empty(groups: int) -> Fleet:
    """Each group's message is lost, and other messages keep the queue full."""
    world = fleet(groups)
    queue = world.queues[EXTRACT]
    other = ExtractLeg(enterprise=EnterpriseId("other"), group_id=GroupId("other"), seq=1, leg=0)
    queue.send([other], delay_seconds=10**9)
    queue.loses = lambda message: queue.sent[message.model_dump_json()] == 1
    world.ask()
    world.finish(within=140 * HOUR)
    return world


SCENARIOS = (
    Scenario("upserts stand still for two hours", _stands_still({UPSERT}, 2)),
    Scenario("extraction stands still for two hours", _stands_still({EXTRACT}, 2)),
    Scenario("everything stands still for two hours", _stands_still(set(QUEUES), 2)),
    Scenario("everything stands still for 30 hours", _stands_still(set(QUEUES), 30), most=200),
    Scenario("workers take as long as they may", _slow, most=500),
    Scenario("every tenth message is lost", _loses, most=500),
    Scenario("nothing can be sent for two hours", _cannot_send, most=500),
    Scenario("messages are lost, the queue is never empty", _never_empty, most=FEW),
    Scenario("extraction is killed each time", _dies(ExtractLeg), frozenset({"abandoned"}), FEW),
    Scenario(
        "extraction dies before it begins",
        _dies(ExtractLeg, early=True),
        frozenset({"abandoned"}),
        FEW,
    ),
    Scenario("the planner is killed each time", _dies(PlanRun), frozenset({"abandoned"}), FEW),
    Scenario(
        "the planner dies before it begins",
        _dies(PlanRun, early=True),
        frozenset({"abandoned"}),
        FEW,
    ),
    Scenario("the writer is killed each time", _dies(ApplyBatch), frozenset({"abandoned"}), FEW),
    Scenario(
        "the table refuses all writes", _refuses_writes, frozenset({"changes_unapplied"}), FEW
    ),
)


def live_through(groups: int) -> Iterator[tuple[Scenario, Seen]]:
    """Simulate each scenario with ``groups`` groups, or fewer if it needs fewer."""
    for scenario in SCENARIOS:
        count = min(groups, scenario.most or groups)
        yield scenario, _seen(scenario.what, scenario.live(count))


def night(groups: int, capacity: str) -> Seen:
    """Simulate a night in which each group syncs, spread over 15 minutes."""
    world = fleet(groups, capacity, seconds=NIGHT, step=timedelta(seconds=2))
    world.ask(spread=timedelta(seconds=900))
    world.finish(within=140 * HOUR)
    return _seen(f"a night, {capacity}", world)


def _seen(what: str, world: Fleet) -> Seen:
    return Seen(
        what,
        world.groups,
        world.now - START,
        world.ends(),
        world.messages(),
        world.copies(),
        world.done["resent"],
        world.parked(),
        world.most_looks,
        world.most_writes,
    )


def _line(seen: Seen) -> str:
    ends = ", ".join(f"{count:,} {end}" for end, count in seen.ends.most_common())
    hours, minutes = divmod(int(seen.took.total_seconds()) // 60, 60)
    return (
        f"| {seen.what} | {seen.groups:,} | {hours}:{minutes:02} | {ends} | {seen.messages:,} | "
        f"{seen.copies} | {seen.resent:,} | {seen.parked:,} | {seen.looks:,} | {seen.writes:,} |"
    )


HEAD = (
    "| What | Groups | h:mm | Ends | Messages | Most of one | Sent again | Parked | "
    "Looks a tick | Writes a tick |\n|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Simulate queues that stand still.")
    parser.add_argument("groups", type=whole(1), nargs="?", default=5000)
    groups = parser.parse_args().groups
    print(HEAD)
    for _, seen in live_through(groups):
        print(_line(seen), flush=True)
    print(f"\n{HEAD}")
    for count, capacity in (
        (300, "small"),
        (300, "standard"),
        (10_000, "standard"),
        (10_000, "large"),
    ):
        print(_line(night(count, capacity)), flush=True)
    return 0


if __name__ == "__main__":
    run_command(main)
