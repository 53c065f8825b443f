"""What the tests of the planner share."""

from pathlib import Path

import pytest

from tests.unit.planning.nights import Nights


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    """A group without a roster."""
    return Nights(tmp_path)
