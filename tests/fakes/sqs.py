"""One SQS queue in memory, by a test's clock: visibility, receives, parking, delays."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from shared.domain.timers import QueueTimes
from shared.messages import Message


@dataclass
class Received:
    """A message that a worker has, and how often it was received."""

    handle: int
    message: Message
    receives: int


@dataclass
class InMemorySqs:
    """``Queue`` as SQS has it: a standard queue, with a dead-letter queue, ``dead``.

    ``loses`` says which messages are gone though their sending was acknowledged; ``refuses`` has
    sending fail. ``sent`` counts each message, by its text.
    """

    times: QueueTimes
    clock: Callable[[], datetime]
    loses: Callable[[Message], bool] = lambda message: False
    refuses: Callable[[Message], bool] = lambda message: False
    sent: Counter[str] = field(default_factory=Counter)
    dead: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._messages: dict[int, Received] = {}
        self._visible: list[tuple[datetime, int]] = []
        self._numbers = count()

    def send(self, messages: Iterable[Message], *, delay_seconds: int = 0) -> None:
        for message in messages:
            if self.refuses(message):
                raise ConnectionError("the queue cannot be reached")
            self.sent[message.model_dump_json()] += 1
            if self.loses(message):
                continue
            number = next(self._numbers)
            self._messages[number] = Received(number, message, 0)
            visible = self.clock() + timedelta(seconds=delay_seconds)
            heapq.heappush(self._visible, (visible, number))

    def empty(self) -> bool:
        return not self._messages

    def __len__(self) -> int:
        return len(self._messages)

    def receive(self, most: int) -> Iterator[Received]:
        """Take what is visible, oldest first; what was received too often is parked."""
        now = self.clock()
        while most and self._visible and self._visible[0][0] <= now:
            _, number = heapq.heappop(self._visible)
            received = self._messages.get(number)
            if received is None:
                continue
            if received.receives >= self.times.receives:
                self.dead.append(self._messages.pop(number).message)
                continue
            received.receives += 1
            hidden = now + timedelta(seconds=self.times.visibility)
            heapq.heappush(self._visible, (hidden, number))
            most -= 1
            yield received

    def delete(self, received: Received) -> None:
        """Acknowledge a message."""
        self._messages.pop(received.handle, None)
