"""What functions log, line by line, as CloudWatch would have it."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger


class Lines(io.StringIO):
    """A stream that a logger writes to."""

    @property
    def all(self) -> list[dict[str, Any]]:
        """The lines so far."""
        return [json.loads(line) for line in self.getvalue().splitlines()]


@contextmanager
def logged(*loggers: Logger) -> Iterator[Lines]:
    """Catch what loggers write: they have taken hold of the real output when they were made."""
    lines = Lines()
    before = []
    for logger in loggers:
        handler = logger.registered_handler
        assert isinstance(handler, logging.StreamHandler)
        before.append((handler, handler.setStream(lines)))
    try:
        yield lines
    finally:
        for handler, stream in reversed(before):
            if stream is not None:
                handler.setStream(stream)
