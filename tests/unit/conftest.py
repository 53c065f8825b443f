"""What the unit tests share."""

from collections.abc import Iterator

import pytest

from tests.unit.http_stack import HttpStack, http_stack


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpStack]:
    """The HTTP functions over moto, as in AWS: insecure sources are refused."""
    with http_stack(monkeypatch) as made:
        yield made
