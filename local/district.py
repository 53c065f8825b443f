"""Runs the sample district's server beside the stack, as a source to sync with.

Its address, key and secret are in ``district.json`` beside ``stack.json``.
"""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from local import processes
from local.emulator import ROOT, StackError, free_port, is_free, tail
from local.private_file import read_private, write_private

FILE = "district.json"
USUAL_PORT = 8000
PUPILS = 2300
START_SECONDS = 60.0
END_SECONDS = 5.0
MODULE = "local.sample_district"


@dataclass(frozen=True)
class SampleDistrict:
    """A running server: its process, and what a group needs to reach it."""

    pid: int
    port: int
    url: str
    consumer_key: str
    secret_key: str
    client_partner_id: str

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read what the server of ``folder`` has written; None if there is nothing."""
        return read_private(folder / FILE, cls)

    def write(self, folder: Path) -> None:
        """Write it, readable by its owner only."""
        write_private(folder / FILE, asdict(self))

    @property
    def lives(self) -> bool:
        """Whether its process is still running."""
        return processes.lives(self.pid, MODULE)


def start(folder: Path, pupils: int = PUPILS) -> SampleDistrict:
    """Return the running server of ``folder``, or start one, if possible at its old port.

    Groups that were kept know the server by that port.

    :raises StackError: it does not start; the message has the end of its log.
    """
    before = SampleDistrict.read(folder)
    if before and before.lives:
        return before
    wanted = (*((before.port,) if before else ()), USUAL_PORT)
    port = next((port for port in wanted if is_free(port)), None) or free_port()
    (folder / FILE).unlink(missing_ok=True)
    log = folder / "district.log"
    pid = processes.start(
        [
            *(sys.executable, "-m", MODULE, "--port", str(port), "--note-in", str(folder)),
            *("--pupils", str(pupils)),
        ],
        log=log,
        folder=ROOT,
    )
    processes.wait_until(
        lambda: SampleDistrict.read(folder) is not None or not processes.lives(pid, MODULE),
        START_SECONDS,
    )
    if (started := SampleDistrict.read(folder)) is not None:
        return started
    processes.end(pid, MODULE, END_SECONDS)
    message = f"The sample district's server does not start:\n{tail(log)}"
    raise StackError(message)


def stop(folder: Path) -> None:
    """Stop the server of ``folder``; its port stays on record."""
    if found := SampleDistrict.read(folder):
        processes.end(found.pid, MODULE, END_SECONDS)
