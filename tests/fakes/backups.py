"""The tables of a simulation as they were at a moment, to be put back."""

import copy
from collections.abc import Callable

from tests.fakes.simulation import Simulation

_CONTROL = ("groups", "runs", "open_until", "pending", "noted")
_ROSTER = ("records", "logins", "stamps")


def kept_control(world: Simulation) -> Callable[[], None]:
    """Remember how the records of runs stand; the answer puts that back."""
    kept = copy.deepcopy({name: getattr(world.control, name) for name in _CONTROL})

    def put_back() -> None:
        for name, value in copy.deepcopy(kept).items():
            setattr(world.control, name, value)

    return put_back


def kept_roster(world: Simulation) -> Callable[[], None]:
    """Remember how the roster's table stands; the answer puts that back."""
    kept = copy.deepcopy({name: getattr(world.roster, name) for name in _ROSTER})

    def put_back() -> None:
        for name, value in copy.deepcopy(kept).items():
            store = getattr(world.roster, name)
            store.clear()
            store.update(value)

    return put_back
