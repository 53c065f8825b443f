"""All nights, numbered in the order of the table."""

from collections.abc import Mapping

from benchmarks.nights import (
    absence,
    damaged_files,
    deciding,
    deltas,
    identity,
    mistakes,
    ordinary,
    school_year,
)
from benchmarks.nights.story import Told

_FAMILIES = (
    absence.FAMILY, damaged_files.FAMILY, deltas.FAMILY, identity.FAMILY, mistakes.FAMILY,
    ordinary.FAMILY, school_year.FAMILY, deciding.FAMILY,
)  # fmt: skip

NIGHTS: Mapping[int, Told] = dict(
    enumerate((told for family in _FAMILIES for told in family.nights), start=1)
)
"""By number."""
