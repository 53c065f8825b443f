"""Renews a lease during long work that cannot be interrupted."""

import threading
from collections.abc import Callable
from types import TracebackType

from shared.domain.errors import StoppedError


class Heartbeat:
    """Calls ``beat`` every ``interval`` seconds, from a thread of its own, while the block runs.

    The work must call ``check`` before each write: it raises StoppedError once a beat was refused.
    A beat that fails in passing is tried again at the next interval.
    """

    def __init__(self, beat: Callable[[], None], interval: float) -> None:
        self._beat = beat
        self._interval = interval
        self._done = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def check(self) -> None:
        """Raise StoppedError if the lease was lost."""
        if self._lost.is_set():
            raise StoppedError

    def _run(self) -> None:
        while not self._done.wait(self._interval):
            try:
                self._beat()
            except StoppedError:
                self._lost.set()
                return
            except Exception:  # whether it mattered shows when the lease is used
                continue
