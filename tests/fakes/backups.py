"""The tables of a simulation as they were at a moment, to be put back."""

import copy
from collections.abc import Callable

from tests.fakes.simulation import Simulation

_CONTROL = (
    "groups",
    "runs",
    "open_until",
    "pending",
    "noted",
    "marked",
    "deleting",
    "gone",
)
_ROSTER = ("records", "logins", "stamps")


def kept_control(world: Simulation) -> Callable[[], None]:
    """Remember how the records of runs stand; the answer puts that back."""
    return _kept(world.control, _CONTROL)


def kept_roster(world: Simulation) -> Callable[[], None]:
    """Remember how the roster's table stands; the answer puts that back."""
    return _kept(world.roster, _ROSTER)


def _kept(table: object, names: tuple[str, ...]) -> Callable[[], None]:
    kept = copy.deepcopy({name: getattr(table, name) for name in names})

    def put_back() -> None:
        for name, value in copy.deepcopy(kept).items():
            # Others hold on to it.
            store = getattr(table, name)
            store.clear()
            store.update(value)

    return put_back
