"""How long to pause before a source is tried again, and how often it is tried."""

from collections.abc import Callable
from dataclasses import dataclass

TRIES, TRIES_BEFORE_FIRST_ANSWER = 8, 3
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0


@dataclass(frozen=True)
class BackOff:
    """Makes the pauses between tries.

    ``wait``: waits for so many seconds.
    ``chance``: gives a random number from 0 to 1.
    """

    wait: Callable[[float], None]
    chance: Callable[[], float]

    def pause_seconds(self, tries: int) -> float:
        """How long to pause after ``tries`` failures in a row (exponential, with full jitter)."""
        return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**tries) * self.chance()


def most_tries(*, answered: bool) -> int:
    """How many failures in a row end a run: fewer if its source has never answered."""
    return TRIES if answered else TRIES_BEFORE_FIRST_ANSWER
