"""Each code that an answer can have is in the table that the documentation lists."""

import re
from pathlib import Path

from shared.http.problems import CODES

ROOT = Path(__file__).parents[2]
RAISED = re.compile(r"(?:Conflict|NotFound|Forbidden|Refused)Error\(\s*f?\"(\w+)\"")


def test_codes_that_are_raised_are_explained() -> None:
    sources = [*ROOT.glob("shared/**/*.py"), *ROOT.glob("functions/**/*.py")]
    raised = {code for source in sources for code in RAISED.findall(source.read_text())}
    assert len(raised) >= 9
    assert raised <= CODES.keys()
