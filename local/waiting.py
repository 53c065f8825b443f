"""Waits as long as something makes progress: slow is fine, silent may be a fault."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from local.entry import CommandError

Found = TypeVar("Found")


@dataclass(frozen=True)
class Seen(Generic[Found]):
    """What one look has seen.

    ``found``: what is waited for; None until then.
    ``sign``: anything that changes while work makes progress.
    """

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

    The total time is not limited, only the time without progress: the seconds for which the sign
    stays the same, by a clock that nobody can set.

    :param complaint: says what is wrong and where to look, if there was no progress.
    :param silence: after how many seconds without progress to give up.
    :param every: seconds between two looks.
    :raises CommandError: there was no progress for ``silence`` seconds.
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
