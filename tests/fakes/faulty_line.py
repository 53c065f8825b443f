"""A line to a real server that breaks or falls silent after so many bytes."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

PIECE = 16 * 1024


@dataclass
class Line:
    """Forwards a port of this machine to a server; ``faults`` says what becomes of each connection.

    A fault is what happens, and after how many bytes from the server; once they are used up, every
    connection is good.
    """

    to: tuple[str, int]
    faults: list[tuple[Literal["cut", "stall"], int]] = field(default_factory=list)
    carried: list[int] = field(default_factory=list)
    """How many bytes each connection brought from the server."""

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []

    def serve(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            theirs = socket.create_connection(self.to)
            self._open += [ours, theirs]
            fault = self.faults.pop(0) if self.faults else None
            number = len(self.carried)
            self.carried.append(0)
            for work in (
                lambda a=ours, b=theirs: self._carry_up(a, b),
                lambda a=theirs, b=ours, n=number, f=fault: self._carry_down(a, b, n, f),
            ):
                threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        # A listener that is only closed leaves the thread waiting in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            each.close()

    def _carry_up(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(PIECE):
                target.sendall(piece)
        except OSError:
            pass
        _end(target)

    def _carry_down(
        self,
        source: socket.socket,
        target: socket.socket,
        number: int,
        fault: tuple[Literal["cut", "stall"], int] | None,
    ) -> None:
        try:
            while piece := source.recv(PIECE):
                if fault and self.carried[number] + len(piece) > fault[1]:
                    if fault[0] == "stall":
                        return
                    break
                target.sendall(piece)
                self.carried[number] += len(piece)
        except OSError:
            pass
        _end(target)


def _end(end: socket.socket) -> None:
    with suppress(OSError):  # it may be gone already
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(host: str, port: int) -> Iterator[Line]:
    line = Line((host, port))
    serving = threading.Thread(target=line.serve, daemon=True)
    serving.start()
    try:
        yield line
    finally:
        line.close()
        serving.join()
