"""Lives a night of a district through the real use cases: from the delivery to the roster.

The stores are in memory; everything between is what runs on AWS. A bundle is a real zip, and a REST
source is the sample server on loopback, read by the real client.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from benchmarks.nights.districts import district_of
from benchmarks.nights.facts import Shown, shown_facts, true_facts
from benchmarks.nights.regret import Judge
from benchmarks.nights.story import Night, Size, Story, Told, Truth, Way
from local.sample_district.bundle import csv_files, delta_files, pack
from local.sample_district.quirks import Quirks
from local.sample_district.records import District
from local.sample_district.server import DistrictServer
from local.sample_district.signatures import Credentials
from shared.adapters.oneroster_rest.client import open_source
from shared.domain.group.choices import Authorization, OnboardingType, SyncType
from shared.domain.group.connection import ApiConnection
from shared.domain.group.group import GroupConfig
from shared.domain.group.hold import Decision, Hold, HoldDecision
from shared.domain.ids import GroupId
from shared.domain.run.run import Mode, Run, RunState
from shared.sync.request.carry_out_decision import carry_out_decision
from tests.fakes.simulation import ENTERPRISE, GROUP, Simulation, config
from tests.fakes.source import InMemorySource

VERSION = "1.2"
_NOT_FOUND = 404
_NIGHTS_AFTER = 2
_BESIDE = GroupId("group-0")
PAGE = {Size.SMALL: 5, Size.MIDDLE: 500, Size.LARGE: 5000}
"""Rows of a page of the REST server."""


@dataclass
class Living:
    """A group and its source, night after night."""

    world: Simulation
    way: Way
    server: DistrictServer | None

    def run(self, night: Night) -> Run | None:
        """Live a night; return its last run, ended: None if a person had nothing to decide."""
        self.world.now += timedelta(days=night.days)
        if night.settings:
            self.change_settings(**night.settings)
        run = None if night.delivery is None else self._bring(night.delivery, night)
        return run if night.act is None else night.act(self)

    def change_settings(self, **settings: Any) -> None:
        """Change settings of the group, as its admin does."""
        group = self.world.group
        settings["version"] = group.config.version + 1
        group.config = group.config.model_copy(update=settings)

    def approve(self) -> Run | None:
        """Approve what waits, if anything does."""
        return self.decide(Decision.APPROVE)

    def reject(self) -> Run | None:
        """Reject what waits, if anything does."""
        return self.decide(Decision.REJECT)

    def restore(self, seq: int) -> Run:
        """Go back to the roster that a run left."""
        return self.world.restore(seq)

    def decide(
        self, decision: Decision, *, of_kept: bool = False, **parts: tuple[Any, ...]
    ) -> Run | None:
        """Decide on what waits, or on what was rejected; None if there is nothing.

        :param parts: the schools, rules or records that the decision is about.
        """
        about = self.kept if of_kept else self.hold
        if about is None:
            return None
        made = HoldDecision(
            decision=decision, digest=about.digest, reason="test", of_kept=of_kept, **parts
        )
        world = self.world
        ports = world.request_ports()
        run = carry_out_decision(ENTERPRISE, GROUP, made, "test", ports, world.now)
        world.settle()
        return world.control.runs[run.key]

    @property
    def kept(self) -> Hold | None:
        """What was rejected and is kept."""
        base = self.world.group.base
        return base.kept if base else None

    @property
    def hold(self) -> Hold | None:
        """What waits for a person."""
        return self.world.group.hold

    @property
    def today(self) -> date:
        """The day of the last night."""
        return self.world.now.date()

    def shown(self, truth: Truth) -> Shown:
        """What the roster shows today, and who has a record in the group beside."""
        shown = shown_facts(self.world.roster, GROUP, truth, self.today)
        if self.world.beside is None:
            return shown
        other = shown_facts(self.world.roster, _BESIDE, truth, self.today)
        return replace(shown, people={**other.people, **shown.people})

    def _bring(self, delivery: District, night: Night) -> Run:
        if self.server is None:
            self._drop(delivery, night)
        else:
            quirks = night.quirks or Quirks()
            if self.way is Way.BARE:
                quirks = replace(quirks, no_single_records=_NOT_FOUND)
            self.server.quirks = quirks
            self.server.district = delivery
            self.world.source = open_source(  # type: ignore[assignment]  # the real one
                self.world.group.config, "secret", allow_insecure=True
            )
            self.world.request(Mode.UPDATE)
        self.world.settle()
        group = self.world.group_id
        runs = {k: run for k, run in self.world.control.runs.items() if k.group_id == group}
        return runs[max(runs, key=lambda key: key.seq)]

    def _drop(self, delivery: District, night: Night) -> None:
        if night.since is None:
            files = csv_files(delivery, VERSION)
        else:
            modified = f"{self.today.isoformat()}T01:00:00.000Z"
            files = delta_files(night.since, delivery, VERSION, modified)
        spoiled = night.spoil(files) if night.spoil else files
        self.world.drop(pack(spoiled), f"update/{len(self.world.control.runs)}.zip")


@dataclass(frozen=True)
class Lived:
    """What became of a story, for one row of the table.

    ``runs``: the runs of its nights.
    ``holds``: what waited after each.
    ``regrets``: by what the district regrets, the people (or classes) it is about.
    ``asked``: on how many nights a person was asked.
    ``looks``: on how many that is in order, although nothing is wrong.
    ``beyond``: whether more kinds of records waited than may.
    ``still``: whether something waits two nights later, with nothing wrong at the source.
    """

    runs: tuple[Run, ...]
    holds: tuple[Hold | None, ...]
    regrets: Mapping[str, set[str]]
    asked: int
    looks: int
    beyond: bool
    still: bool


def live(told: Told, size: Size, way: Way, *, heal: bool = True) -> Lived:
    """Live a story; ``heal`` says whether also the two nights after it."""
    base = district_of(size)
    story = told.tell(base)
    settings = settings_of(size, way).model_copy(update=dict(story.config))
    begun = story.begins is base and not story.config and story.beside is None
    world = _loaded(size, way) if begun else _fresh(settings, size, story.beside)
    with with_source(world, way) as living:
        if story.begins is not None and not begun:
            load(living, story.begins)
        truth = story.was or Truth(story.begins or story.nights[0].delivery or base)
        everyone = {fact[1] for fact in true_facts(truth, living.today)}
        judge = Judge(living.shown(truth), everyone)
        runs, holds = [], []
        for night in story.nights:
            if (run := living.run(night)) is not None:
                runs.append(run)
            holds.append(living.hold)
            if night.truth is not None:
                truth = night.truth
            elif night.delivery is not None:
                truth = replace(truth, district=night.delivery)
            judge.look(true_facts(truth, living.today), living.shown(truth))
        asked = sum(run.state is RunState.HELD for run in runs)
        if heal:
            last = story.nights[-1]
            night = Night(story.after or truth.district, quirks=last.quirks)
            for _ in range(_NIGHTS_AFTER):
                living.run(night)
                true = true_facts(truth, living.today)
                judge.look(true, living.shown(truth))
                if living.hold is None and judge.shown.facts == true:
                    break
            judge.end(true, waits=living.hold is not None, kept=living.kept is not None)
        return Lived(
            tuple(runs), tuple(holds), judge.regrets, asked, story.looks, _beyond(story, holds),
            living.hold is not None,
        )  # fmt: skip


def _beyond(story: Story, holds: Sequence[Hold | None]) -> bool:
    """Whether more kinds of records waited than may on an ordinary night."""
    if story.may_wait is None:
        return False
    waited = {str(each["entity"]) for hold in holds if hold for each in hold.by_rule}
    return not waited <= story.may_wait


@contextmanager
def with_source(world: Simulation, way: Way) -> Iterator[Living]:
    """Give a world its source: bundles, or a REST server."""
    if way is Way.BUNDLE:
        yield Living(world, way, None)
        return
    empty = District((), (), (), (), (), ())
    with DistrictServer(empty, credentials=Credentials("key", "secret")) as server:
        connection = world.group.config.connection
        assert connection is not None
        world.group.config = world.group.config.model_copy(
            update={"connection": connection.model_copy(update={"url": server.url})}
        )
        yield Living(world, way, server)


def _fresh(settings: GroupConfig, size: Size, beside: District | None) -> Simulation:
    """A world in which nothing is loaded, except into the group beside, if there is one."""
    if beside is None:
        return Simulation(group_config=settings)
    other = Simulation(
        group_config=settings_of(size, Way.BUNDLE).model_copy(update={"name": "Shelbyville"}),
        group_id=_BESIDE,
    )
    load(Living(other, Way.BUNDLE, None), beside)
    return Simulation(group_config=settings, beside=other)


def load(living: Living, district: District) -> None:
    """Load a district for the first time."""
    run = living.run(Night(district, days=0))
    assert run is not None
    assert run.state in (RunState.SUCCEEDED, RunState.HELD), run.reason


def settings_of(size: Size, way: Way) -> GroupConfig:
    """The settings of a group whose district has this size."""
    if way is Way.BUNDLE:
        return config(sync_type=SyncType.ZIP, connection=None, secrets={}, max_rejected_percent=20)
    return config(
        onboarding_type=OnboardingType.ONEROSTER_1_1,
        max_rejected_percent=20,
        connection=ApiConnection(
            url="http://127.0.0.1",
            path="/ims/oneroster/v1p1",
            authorization=Authorization.OAUTH_1,
            consumer_key="key",
            page_size=PAGE[size],
        ),
    )


def _loaded(size: Size, way: Way) -> Simulation:
    """A world in which the district of a size is loaded: a copy, for one story."""
    return copy_of(_first_load(size, way))


def copy_of(world: Simulation) -> Simulation:
    """A world that is the same, and lives on by itself."""
    # Neither has anything of the world in it.
    kept = {id(each): each for each in (world.control.lock, world.source)}
    return copy.deepcopy(world, kept)


@cache
def _first_load(size: Size, way: Way) -> Simulation:
    world = Simulation(group_config=settings_of(size, way))
    with with_source(world, way) as living:
        load(living, district_of(size))
    world.source = InMemorySource()
    return world
