"""The time of day. Handlers pass it in; nothing else may look at a clock."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def wait(seconds: float) -> None:
    """Let time pass."""
    time.sleep(seconds)
