"""Parses the records of a roster: the one place that judges, repairs or rejects values.

A model reads one staged row (``STAGED_COLUMNS``) and produces the columns of a snapshot
(``PARSED_COLUMNS``): normalised values, lists in a fixed order, dates as ISO text. A wrong value of
an optional field is dropped and noted as a repair; a wrong value of a required field rejects the
row.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared.domain.roster import vocabulary
from shared.domain.roster.collection import Collection
from shared.domain.roster.findings import Repairs
from shared.domain.roster.masked_values import shape_of
from shared.domain.roster.misread_text import repair_misread
from shared.domain.roster.placeholders import is_placeholder

MAX_SOURCED_ID = 255
MAX_TEXT = 1000

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})([T ].*)?")
_EITHER_ORDER = re.compile(r"\s*(0?[1-9]|1[0-2])[/.-](0?[1-9]|1[0-2])[/.-]\d{4}\s*")


def _repairs(info: ValidationInfo) -> Repairs:
    assert isinstance(info.context, Repairs)
    return info.context


def _note(info: ValidationInfo, code: str, found: str) -> None:
    _repairs(info).note(code, info.field_name or "", found)


def _required(value: object, info: ValidationInfo) -> str:
    text = str(value).strip() if value is not None else ""
    if not text:
        raise PydanticCustomError("missing_value", "required")
    if len(text) > MAX_TEXT:
        raise PydanticCustomError("too_long", "too long")
    return _as_written(text, info)


def _as_written(text: str, info: ValidationInfo) -> str:
    written = repair_misread(text)
    if written is None:
        return text
    _note(info, "misread_encoding", shape_of(text))
    return written


def _sourced_id(value: object, info: ValidationInfo) -> str:
    text = str(value).strip() if value is not None else ""
    if not text:
        raise PydanticCustomError("missing_sourced_id", "required")
    if len(text) > MAX_SOURCED_ID:
        raise PydanticCustomError("too_long", "too long")
    if _CONTROL.search(text):
        raise PydanticCustomError("bad_characters", "control characters")
    _repairs(info).sourced_id = text
    return text


def _enrollment_sourced_id(value: object, info: ValidationInfo) -> str | None:
    # Class, user, role and begin date identify a membership, so its own id may be missing.
    text = str(value).strip()[:MAX_SOURCED_ID] if value is not None else ""
    _repairs(info).sourced_id = text
    return text or None


def _optional(value: object, info: ValidationInfo) -> str | None:
    if value is None:
        return None
    text = str(value).strip()
    if len(text) > MAX_TEXT:
        _note(info, "too_long", shape_of(text))
        return None
    return _as_written(text, info) or None


def _identifying(value: object, info: ValidationInfo) -> str | None:
    text = _optional(value, info)
    if text is not None and is_placeholder(text):
        _note(info, "placeholder", text)
        return None
    return text


def _sorted_list(values: list[Any] | None) -> list[str]:
    return sorted({text for value in values or () if value is not None and (text := value.strip())})


def _plain_list(values: list[Any] | None) -> list[str]:
    return [text for value in values or () if value is not None and (text := value.strip())]


def _term_of(terms: dict[str, str]) -> Callable[[object, ValidationInfo], str | None]:
    def read(value: object, info: ValidationInfo) -> str | None:
        if value is None or not str(value).strip():
            return None
        known = vocabulary.term(str(value), terms)
        if known is None:
            _note(info, "unknown_term", str(value)[:40])
        return known

    return read


def _role(value: object) -> str:
    if value is None or not str(value).strip():
        raise PydanticCustomError("missing_value", "required")
    known = vocabulary.term(str(value), vocabulary.ROLES)
    if known is None:
        raise PydanticCustomError("unknown_role", "unknown role")
    return known


FIRST_YEAR, LAST_YEAR = 1950, 2100
"""The years of a believable date. Outside them are the dates by which a database says "none":
0001-01-01, 1753-01-01, 1899-12-30, 1900-01-01, 9999-12-31 and their like.
"""


def _iso_date(value: object) -> str:
    """Read a date, also from a date-time; the day counts as written, whatever its zone.

    :raises ValueError: it is none.
    """
    match = _ISO_DATE.fullmatch(str(value).strip())
    if match is None:
        raise ValueError
    day, rest = match.groups()
    if rest:
        datetime.fromisoformat(f"{day}T{rest[1:].strip().replace('Z', '+00:00')}")
    return date.fromisoformat(day).isoformat()


def _required_date(value: object) -> str:
    if value is None or not str(value).strip():
        raise PydanticCustomError("missing_value", "required")
    try:
        day = _iso_date(value)
    except ValueError as error:
        raise PydanticCustomError(_date_problem(value), "not a date") from error
    if not _believable(day):
        raise PydanticCustomError("no_date", "no date")
    return day


def _optional_date(value: object, info: ValidationInfo) -> str | None:
    if value is None or not str(value).strip():
        return None
    try:
        day = _iso_date(value)
    except ValueError:
        _note(info, _date_problem(value), shape_of(value))
        return None
    if not _believable(day):
        _note(info, "no_date", day)
        return None
    return day


def _believable(day: str) -> bool:
    return FIRST_YEAR <= date.fromisoformat(day).year <= LAST_YEAR


def _optional_end(value: object, info: ValidationInfo) -> str | None:
    end, begin = _optional_date(value, info), info.data.get("begin_date")
    if end is not None and begin is not None and end < begin:
        _note(info, "end_before_begin", shape_of(value))
        return None
    return end


def _required_end(value: object, info: ValidationInfo) -> str:
    end, begin = _required_date(value), info.data.get("start_date")
    if begin is not None and end < begin:
        raise PydanticCustomError("end_before_begin", "before the start")
    return end


def _date_problem(value: object) -> Literal["ambiguous_date", "bad_date"]:
    return "ambiguous_date" if _EITHER_ORDER.fullmatch(str(value)) else "bad_date"


def _flag(value: object, info: ValidationInfo, name: str = "") -> bool | None:
    if value is None or not str(value).strip():
        return None
    flag = vocabulary.BOOLEANS.get(str(value).strip().casefold())
    if flag is None:
        _repairs(info).note("bad_boolean", name or info.field_name or "", str(value)[:10])
    return flag


def _enabled(value: object, info: ValidationInfo) -> bool:
    status, flag = value if isinstance(value, tuple) else (None, value)
    said = _flag(flag, info, "enabled_user")
    return said is not False and str(status or "").strip().casefold() != vocabulary.INACTIVE


def _email(value: object, info: ValidationInfo) -> str | None:
    text = _identifying(value, info)
    if text is not None and "@" not in text:
        _note(info, "bad_email", shape_of(text))
        return None
    return text


Key = Annotated[str, BeforeValidator(_sourced_id)]
Required = Annotated[str, BeforeValidator(_required)]
Optional = Annotated[str | None, BeforeValidator(_optional)]
Identifying = Annotated[str | None, BeforeValidator(_identifying)]
SortedList = Annotated[list[str], BeforeValidator(_sorted_list)]
PlainList = Annotated[list[str], BeforeValidator(_plain_list)]
RequiredDate = Annotated[str, BeforeValidator(_required_date)]
RequiredEnd = Annotated[str, BeforeValidator(_required_end)]
OptionalDate = Annotated[str | None, BeforeValidator(_optional_date)]
OptionalEnd = Annotated[str | None, BeforeValidator(_optional_end)]
RequiredRole = Annotated[str, BeforeValidator(_role)]
Flag = Annotated[bool | None, BeforeValidator(lambda value, info: _flag(value, info))]


def _row(value: int, info: ValidationInfo) -> int:
    _repairs(info).row = value
    return value


class _Record(BaseModel):
    # row and sourced_id come first: pydantic reads fields in order, and repairs noted later belong
    # to this row.
    model_config = ConfigDict(frozen=True, extra="ignore")

    row: Annotated[int, AfterValidator(_row)]


class Org(_Record):
    """An org, which becomes a partner."""

    sourced_id: Key
    name: Required
    type: Annotated[str | None, BeforeValidator(_term_of(vocabulary.ORG_TYPES))]
    identifier: Optional
    parent: Optional


class AcademicSession(_Record):
    """A school year, semester, term or grading period."""

    sourced_id: Key
    title: Required
    type: Annotated[str | None, BeforeValidator(_term_of(vocabulary.SESSION_TYPES))]
    start_date: RequiredDate
    end_date: RequiredEnd
    parent: Optional
    school_year: Optional


class Course(_Record):
    """A course of study."""

    sourced_id: Key
    title: Required
    course_code: Optional
    grades: SortedList
    org: Optional
    school_year: Optional
    subjects: PlainList
    subject_codes: PlainList


class Class(_Record):
    """A class, which belongs to its school's partner."""

    sourced_id: Key
    title: Required
    class_code: Optional
    class_type: Annotated[str | None, BeforeValidator(_term_of(vocabulary.CLASS_TYPES))]
    location: Optional
    grades: SortedList
    course: Optional
    school: Required
    terms: SortedList
    subjects: PlainList
    subject_codes: PlainList
    periods: SortedList


class Role(BaseModel):
    """A role of a user at an org.

    Its own sourcedId, which only bundles have, is remembered for deltas but not compared.
    """

    model_config = ConfigDict(frozen=True)

    sourced_id: Optional = None
    role: RequiredRole
    role_type: Annotated[str | None, BeforeValidator(_term_of(vocabulary.ROLE_TYPES))] = None
    org: Optional = None
    begin_date: OptionalDate = None
    end_date: OptionalEnd = None


def _in_order(roles: list[Role]) -> list[Role]:
    if not roles:
        raise PydanticCustomError("missing_value", "required")
    unique = {
        (r.role, r.org or "", r.begin_date or "", r.end_date or ""): r for r in reversed(roles)
    }
    return sorted(
        unique.values(),
        key=lambda r: (r.role_type != "primary", r.org or "", r.role, r.begin_date or ""),
    )


class User(_Record):
    """A person. Disabled and inactive users stay in the roster; their ``enabled`` is false."""

    sourced_id: Key
    enabled: Annotated[bool, BeforeValidator(_enabled)]
    username: Identifying
    given_name: Optional
    middle_name: Optional
    family_name: Optional
    preferred_given_name: Optional
    preferred_middle_name: Optional
    preferred_family_name: Optional
    identifier: Identifying
    email: Annotated[str | None, BeforeValidator(_email)]
    grades: SortedList
    roles: Annotated[
        list[Role], BeforeValidator(lambda roles: roles or []), AfterValidator(_in_order)
    ]
    primary_org: Optional
    phone: Optional
    sms: Optional
    agents: SortedList
    metadata: str | None

    @model_validator(mode="before")
    @classmethod
    def _status(cls, row: dict[str, Any]) -> dict[str, Any]:
        return row | {"enabled": (row.get("status"), row.get("enabled_user"))}

    @model_validator(mode="after")
    def _named(self) -> "User":
        if self.given_name is None and self.family_name is None:
            raise PydanticCustomError("missing_value", "givenName or familyName is required")
        return self


class Enrollment(_Record):
    """A user's membership in a class. Its own sourcedId is remembered but not compared."""

    sourced_id: Annotated[str | None, BeforeValidator(_enrollment_sourced_id)]
    class_: Required = Field(alias="class")
    school: Optional
    user: Required
    role: RequiredRole
    primary: Flag
    begin_date: OptionalDate
    end_date: OptionalEnd


RECORD_MODELS: dict[Collection, type[_Record]] = {
    Collection.ORGS: Org,
    Collection.ACADEMIC_SESSIONS: AcademicSession,
    Collection.COURSES: Course,
    Collection.CLASSES: Class,
    Collection.USERS: User,
    Collection.ENROLLMENTS: Enrollment,
}
"""The model that reads the rows of each collection."""
