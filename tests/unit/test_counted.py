"""What people are told is grammatical for every number and every word."""

import ast
import re
from collections.abc import Callable
from typing import Any

import pytest

from shared.adapters.oneroster_rest import source_reasons
from shared.domain.counted import agreeing, counted, plural_of, records_of, sentence
from shared.domain.group.hold import Hold
from shared.domain.ids import RecordId
from shared.domain.roster.collection import Collection
from shared.domain.roster.findings import LoginNameClash
from shared.domain.roster.masked_values import shape_of
from shared.domain.run.login_clashes import LOGIN_NAME_TAKEN, clash_reason
from shared.domain.run.results import Unapplied
from shared.groups.try_source import _found
from shared.http.contract.problem_codes import FIELD_CODES
from shared.http.problems import _entry
from shared.planning import notices
from shared.ports.roster import OVERTAKEN
from shared.ports.sources import Page
from shared.sync.close.commit_run import hold_reason
from shared.sync.close.unapplied import unapplied_reason
from tests.template.processed import ROOT

NUMBERS = (0, 1, 2, 1000)
UNAPPLIED = (OVERTAKEN, LOGIN_NAME_TAKEN, "write_failed")
SINGULAR = ("row", "record", "user", "partner", "character", "entry", "file", "org", "course",
            "class", "enrollment", "academic session", "thing", "deletion or change")  # fmt: skip
PLURAL = ("rows", "records", "users", "partners", "characters", "entries", "files", "orgs",
          "courses", "classes", "enrollments", "academic sessions", "things",
          "deletions or changes")  # fmt: skip


def _held(number: int) -> str:
    reason = hold_reason(Hold(digest="d", records=number))
    return reason.message if reason else ""


def _unapplied(code: Any) -> Callable[[int], str]:
    def told(number: int) -> str:
        change = Unapplied(Collection.USERS, RecordId("u"), code)
        return unapplied_reason([change] * number).message if number else ""

    return told


def _clash(cause: LoginNameClash) -> Callable[[int], str]:
    def told(number: int) -> str:
        reason = clash_reason({(cause, ""): number} if number else {})
        return reason.message if reason else ""

    return told


def _too_long(kind: str) -> Callable[[int], str]:
    def told(number: int) -> str:
        context = {"min_length": number, "max_length": number}
        details: Any = {"type": kind, "loc": ("name",), "ctx": context, "msg": "", "input": ""}
        return _entry(details)["message"]

    return told


def _probed(collection: Collection) -> Callable[[int], str]:
    return lambda n: _found(collection, Page([{}] * min(n, 1), n)).detail


MESSAGES: dict[str, Callable[[int], str]] = {
    "pending": lambda n: notices.pending(n).message,
    "partners in use": lambda n: notices.partners_in_use(n).message,
    "table surveyed": lambda n: notices.table_surveyed(1, n, n).message,
    "table surveyed, base unknown": lambda n: notices.table_surveyed(None, None, n).message,
    "held": _held,
    **{f"login names: {cause}": _clash(cause) for cause in LoginNameClash},
    **{f"unapplied: {code}": _unapplied(code) for code in UNAPPLIED},
    "a personal value": lambda n: shape_of("x" * n),
    **{f"probe of {each}": _probed(each) for each in Collection},
    **{
        kind: _too_long(kind)
        for kind in ("string_too_short", "string_too_long", "too_short", "too_long")
    },
}


def _faults(text: str) -> list[str]:
    """What an English reader stumbles over."""
    one, many = "|".join(SINGULAR), "|".join(PLURAL)
    return [
        match[0]
        for pattern in (
            rf"\b1 (?:{many})\b",
            rf"\b(?:0|[2-9]|[\d,]*\d\d) (?:{one})\b(?!s| or changes)",
            r"\b0 \w+",
            r"\b\d{4,} \w+",
            rf"\bThere is no (?:{many})\b",
            rf"\b(?:1|a|an) (?:{one}) (?:are|were|have|stay|wait)\b",
            rf"\b(?:[2-9]|[\d,]*\d\d|[Nn]o) (?:{many}) (?:is|was|has|stays|waits)\b",
            r"\(s\)",
            r"[a-z]+[A-Z]\w+ (?:are|is)\b",
        )
        for match in re.finditer(pattern, text)
    ]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_each_message_is_grammatical_for_each_number(name: str, number: int) -> None:
    text = MESSAGES[name](number)
    assert _faults(text) == [], text
    if text and name != "a personal value":
        assert not text[0].islower()


@pytest.mark.parametrize("collection", Collection)
def test_each_message_is_grammatical_for_each_collection(collection: Collection) -> None:
    for text in (
        source_reasons.path_not_found(collection).message,
        source_reasons.not_oneroster(collection).message,
        notices.nothing_gone(notices.named(collection), "it was not delivered").message,
        notices.rekeyed(collection, "Set matchWith.").message,
        notices.absence_unasked(collection, 1, "It answered 403.").message,
        notices.absence_unasked(collection, 2, "It answered 403.").message,
    ):
        assert _faults(text) == [], text
        assert "academicSessions" not in text


def test_the_checks_see_what_was_wrong() -> None:
    for text in (
        "There is no orgs at this path.",
        "1 deletions or changes wait",
        "2 file(s)",
        "1 users could not",
        "0 rows were rejected.",
        "1000 records are gone",
    ):
        assert _faults(text), text


def test_nouns_are_counted() -> None:
    assert [counted(n, "row") for n in NUMBERS] == ["no rows", "1 row", "2 rows", "1,000 rows"]
    assert [records_of(Collection.CLASSES, n) for n in (0, 1, 2)] == [
        "no classes", "1 class", "2 classes",
    ]  # fmt: skip
    assert [agreeing(n, "is", "are") for n in NUMBERS] == ["are", "is", "are", "are"]
    assert sentence("no rows") == "No rows"
    assert plural_of(Collection.ACADEMIC_SESSIONS) == "academic sessions"


COUNTS_A_NOUN = re.compile(
    r"^ (?:file\(s\)|(?:rows|records|users|characters|entries|files|deletions|things|orgs|partners"
    r"|lines|people|classes|enrollments|messages|characters)\b)"
)
LIMITS = {"most"}
"""Limits of ours, which are never one."""


def test_no_message_counts_a_noun_by_itself() -> None:
    """Whoever puts a number before a noun asks ``shared/domain/counted.py`` for both."""
    alone = []
    for path in sorted((ROOT / "shared").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.JoinedStr):
                continue
            for value, after in zip(node.values, node.values[1:], strict=False):
                if (
                    isinstance(value, ast.FormattedValue)
                    and isinstance(after, ast.Constant)
                    and COUNTS_A_NOUN.match(str(after.value))
                    and not ast.unparse(value.value).rpartition(".")[2].isupper()
                    and ast.unparse(value.value) not in LIMITS
                    and not ast.unparse(value.value).startswith("agreeing(")
                ):
                    alone.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    assert alone == []


def test_every_code_of_a_wrong_field_can_be_told() -> None:
    for kind in FIELD_CODES:
        details: Any = {
            "type": kind,
            "loc": ("name",),
            "ctx": {"min_length": 1, "max_length": 1, "ge": 1, "le": 1, "text": "No.",
                    "expected": "'a' or 'b'"},
            "msg": "",
            "input": "",
        }  # fmt: skip
        assert _faults(_entry(details)["message"]) == []
