"""Each code that an answer can have is in the table that the documentation lists."""

import ast
import re
from pathlib import Path

from shared.http.contract.problem_codes import CODES, REFUSED_FIELD_CODES

ROOT = Path(__file__).parents[2]
RAISED = re.compile(r"(?:Conflict|NotFound|Forbidden|Refused)Error\(\s*f?\"(\w+)\"")


def test_codes_that_are_raised_are_explained() -> None:
    sources = [*ROOT.glob("shared/**/*.py"), *ROOT.glob("functions/**/*.py")]
    raised = {code for source in sources for code in RAISED.findall(source.read_text())}
    assert len(raised) >= 9
    assert raised <= CODES.keys()


def test_codes_that_name_a_field_are_listed_as_the_codes_of_fields() -> None:
    found: set[str] = set()
    for source in (*ROOT.glob("shared/**/*.py"), *ROOT.glob("functions/**/*.py")):
        for call in ast.walk(ast.parse(source.read_text())):
            if isinstance(call, ast.Call) and re.fullmatch(
                "(Conflict|NotFound|Forbidden|Refused)Error", ast.unparse(call.func)
            ):
                fields = [*call.args[2:], *(word for word in call.keywords if word.arg == "field")]
                if fields and isinstance(call.args[0], ast.Constant):
                    found.add(str(call.args[0].value))
    # These two are put together of a field's name.
    assert found | {"name_taken", "client_group_id_taken"} == set(REFUSED_FIELD_CODES)
