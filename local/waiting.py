"""Waits for as long as something moves: a slow machine is no fault, a silent one may be."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from local.entry import CommandError

Found = TypeVar("Found")


@dataclass(frozen=True)
class Seen(Generic[Found]):
    """What one look has seen: what is waited for, or a sign, which moves while work goes on."""

    found: Found | None = None
    sign: object = None


def wait_for(
    look: Callable[[], Seen[Found]],
    complaint: Callable[[], str],
    *,
    silence: float,
    every: float = 0.3,
) -> Found:
    """Look again and again until something is found.

    There is no bound on the whole, only on silence: on the seconds for which the sign stays the
    same. They are counted by a clock that nobody can set.

    :param complaint: says, after such a silence, what is the matter and what to look at.
    :raises CommandError: nothing has moved for ``silence`` seconds.
    """
    sign, since = object(), time.monotonic()
    while True:
        seen = look()
        if seen.found is not None:
            return seen.found
        now = time.monotonic()
        if seen.sign != sign:
            sign, since = seen.sign, now
        elif now - since > silence:
            raise CommandError(complaint())
        time.sleep(every)
