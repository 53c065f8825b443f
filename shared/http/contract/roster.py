"""What the API answers of a roster, as models. What a source did not say is left out."""

from typing import Annotated, Literal

from pydantic import Field

from shared.http.contract.answers import Answer, Moment, StoredAnswer


class Record(StoredAnswer):
    """What every record of a roster has."""

    id: str
    updated_at: Moment
    ended_at: Moment | None = None


class PartnerAnswer(Record):
    """A partner: an institution made from an org."""

    sourced_id: str = ""
    name: str
    type: str = ""
    identifier: str = ""
    parent_id: str = ""
    customer_id: str = ""
    root: bool
    client_partner_id: str


class ClassAnswer(Record):
    """A class."""

    sourced_id: str
    title: str
    class_code: str = ""
    class_type: str = ""
    location: str = ""
    grades: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    subject_codes: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    partner_id: str = ""
    course_id: str = ""
    term_ids: tuple[str | None, ...] = ()
    client_partner_id: str


class RoleAnswer(StoredAnswer):
    """A role of a user at a partner."""

    role: str
    role_type: str = ""
    partner_id: str = ""
    begin_date: str = ""
    end_date: str = ""


class UserAnswer(Record):
    """A user.

    ``phone``, ``sms``, ``agent_ids`` and ``metadata`` are there only if the group keeps them.
    ``sourced_ids`` are those of a member of staff whom the source has several times.
    """

    sourced_id: str
    sourced_ids: tuple[str, ...] = ()
    enabled: bool
    username: str = ""
    login_name: str = ""
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    preferred_given_name: str = ""
    preferred_middle_name: str = ""
    preferred_family_name: str = ""
    identifier: str = ""
    email: str = ""
    grades: tuple[str, ...] = ()
    roles: tuple[RoleAnswer, ...] = ()
    partner_ids: tuple[str, ...] = ()
    primary_partner_id: str = ""
    phone: str = ""
    sms: str = ""
    agent_ids: tuple[str, ...] = ()
    metadata: str = ""
    client_partner_id: str


class EnrollmentAnswer(Record):
    """A membership of a user in a class."""

    class_id: str
    user_id: str
    partner_id: str = ""
    role: str
    primary: bool | None = None
    begin_date: str = ""
    end_date: str = ""


class ListedBy(Answer):
    """The enrollment by which a user or class is listed."""

    id: str
    role: str
    primary: bool | None = None
    begin_date: str = ""
    end_date: str = ""


class ClassUser(UserAnswer):
    """A user of a class."""

    enrollment: ListedBy


class UserClass(ClassAnswer):
    """A class of a user."""

    enrollment: ListedBy


class AsOf(Answer):
    """Which run has left the roster as it is, and when."""

    run_id: str
    committed_at: Moment | None


class RosterPage(Answer):
    """What every page of a roster has."""

    cursor: str | None
    as_of: AsOf | None
    run_under_way: str | None


class PartnerPage(RosterPage):
    """A page of partners. It may be short, or empty: only a null ``cursor`` is the end."""

    partners: list[PartnerAnswer]


class ClassPage(RosterPage):
    """A page of classes."""

    classes: list[ClassAnswer]


class UserPage(RosterPage):
    """A page of users."""

    users: list[UserAnswer]


class EnrollmentPage(RosterPage):
    """A page of enrollments."""

    enrollments: list[EnrollmentAnswer]


class ClassUserPage(RosterPage):
    """A page of who is in a class."""

    users: list[ClassUser]


class UserClassPage(RosterPage):
    """A page of the classes that a user is in."""

    classes: list[UserClass]


class ContentSource(Answer):
    """The class or user that content was assigned to."""

    type: Literal["class", "user"]
    id: str
    sourced_id: str = ""
    title: str = ""


class ContentAnswer(Answer):
    """Content that is assigned."""

    content_id: str
    assigned_at: Moment
    assigned_by: str
    source: Annotated[ContentSource, Field(alias="from")]


class ContentPage(RosterPage):
    """A page of content."""

    contents: list[ContentAnswer]


class AccessAnswer(Answer):
    """That somebody has read about people: never whom."""

    person: str
    what: str
    at: Moment
    records: int | None


class AccessPage(Answer):
    """A page of accesses, newest first."""

    accesses: list[AccessAnswer]
    cursor: str | None
