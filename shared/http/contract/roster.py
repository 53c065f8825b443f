"""What the API answers of a roster. What a source did not say is left out.

Terms of OneRoster's vocabularies are open: a source may send extensions that begin with `ext:`.
"""

from typing import Annotated, Literal

from pydantic import Field

from shared.http.contract.answers import Answer, Moment, StoredAnswer

_CLIENT_PARTNER = "The group's `clientPartnerId`, which tells the records of institutions apart."
_FIRST_DAY = "The first day, YYYY-MM-DD; absent if it is open."
_LAST_DAY = "The last day, YYYY-MM-DD; absent if it is open."
_ENROLLED_AS = "The role in the class: `student`, `teacher`, `aide`, `proctor`, `administrator` or "
_ENROLLED_AS += "an `ext:` term."
_PRIMARY = "Whether this teacher is the main one of the class; absent if the source does not say."


class Record(StoredAnswer):
    """What every record of a roster has."""

    id: str = Field(
        description="The record's id, given by Homeroom. It stays the same when the source gives "
        "the record another sourcedId, if the user is recognized."
    )
    updated_at: Moment = Field(description="When a run last changed the record.")
    ended_at: Moment | None = Field(
        None,
        description="When a run ended the record: it can still be read for a while. Absent if it "
        "has not ended.",
    )


class PartnerAnswer(Record):
    """A partner: an institution made from an org."""

    sourced_id: str = Field(
        "", description="The org's sourcedId; absent for a partner that was made without an org."
    )
    name: str = Field(description="The institution's name.")
    type: str = Field(
        "",
        description="What it is: `department`, `district`, `local`, `national`, `school`, `state` "
        "or an `ext:` term.",
    )
    identifier: str = Field("", description="What people know it by, such as a state's number.")
    parent_id: str = Field("", description="The id of the partner above it.")
    customer_id: str = Field("", description="The id of the customer that is the same institution.")
    root: bool = Field(description="Whether it is the group's own institution.")
    client_partner_id: str = Field(description=_CLIENT_PARTNER)


class ClassAnswer(Record):
    """A class."""

    sourced_id: str = Field(description="The class's sourcedId.")
    title: str = Field(description="The class's title.")
    class_code: str = Field("", description="What people know the class by.")
    class_type: str = Field("", description="`homeroom`, `scheduled` or an `ext:` term.")
    location: str = Field("", description="Where the class meets, such as a room.")
    grades: tuple[str, ...] = Field((), description="The grades that it is for.")
    subjects: tuple[str, ...] = Field((), description="The names of its subjects.")
    subject_codes: tuple[str, ...] = Field((), description="The codes of its subjects, in order.")
    periods: tuple[str, ...] = Field((), description="The periods of the day at which it meets.")
    partner_id: str = Field("", description="The id of the partner that is its school.")
    course_id: str = Field("", description="The id of its course.")
    term_ids: tuple[str | None, ...] = Field(
        (), description="The ids of its terms; null for a term that is not in the roster."
    )
    client_partner_id: str = Field(description=_CLIENT_PARTNER)


class RoleAnswer(StoredAnswer):
    """A role of a user at a partner."""

    role: str = Field(
        description="A role of OneRoster, such as `student`, `teacher`, `aide`, `guardian`, "
        "`parent`, `principal`, `siteAdministrator` and `districtAdministrator`, or an `ext:` term."
    )
    role_type: str = Field(
        "", description="`primary` or `secondary`; absent if the source does not say."
    )
    partner_id: str = Field("", description="The id of the partner at which the user has the role.")
    begin_date: str = Field("", description=_FIRST_DAY)
    end_date: str = Field("", description=_LAST_DAY)


class UserAnswer(Record):
    """A user."""

    sourced_id: str = Field(
        description="The user's sourcedId; the first one, if the source has the user several times."
    )
    sourced_ids: tuple[str, ...] = Field(
        (), description="All sourcedIds of a member of staff whom the source has several times."
    )
    enabled: bool = Field(description="Whether the user may sign in.")
    username: str = Field("", description="The username at the source.")
    login_name: str = Field(
        "",
        description="The name to sign in with: the username, then the group's suffix. While "
        "another user has that, the earlier name, or none if that is given to somebody else.",
    )
    given_name: str = Field("", description="The given name.")
    middle_name: str = Field("", description="The middle name.")
    family_name: str = Field("", description="The family name.")
    preferred_given_name: str = Field("", description="The given name that the user prefers.")
    preferred_middle_name: str = Field("", description="The middle name that the user prefers.")
    preferred_family_name: str = Field("", description="The family name that the user prefers.")
    identifier: str = Field("", description="What people know the user by, such as a pupil number.")
    email: str = Field("", description="The e-mail address.")
    grades: tuple[str, ...] = Field((), description="The grades that the user is in.")
    roles: tuple[RoleAnswer, ...] = Field((), description="The user's roles at partners.")
    partner_ids: tuple[str, ...] = Field(
        (), description="The ids of the partners at which the user has roles."
    )
    primary_partner_id: str = Field("", description="The id of the user's main partner.")
    phone: str = Field(
        "", description="The telephone number; present only if the group stores `phones`."
    )
    sms: str = Field(
        "", description="The number for text messages; present only if the group stores `phones`."
    )
    agent_ids: tuple[str, ...] = Field(
        (),
        description="The ids of users who act for this one, such as parents; present only if the "
        "group stores `agents`.",
    )
    metadata: str = Field(
        "",
        description="What else the source says of the user, as JSON; present only if the group "
        "stores `metadata`.",
    )
    client_partner_id: str = Field(description=_CLIENT_PARTNER)


class EnrollmentAnswer(Record):
    """A membership of a user in a class."""

    class_id: str = Field(description="The id of the class.")
    user_id: str = Field(description="The id of the user.")
    partner_id: str = Field("", description="The id of the partner that is the school.")
    role: str = Field(description=_ENROLLED_AS)
    primary: bool | None = Field(None, description=_PRIMARY)
    begin_date: str = Field("", description=_FIRST_DAY)
    end_date: str = Field("", description=_LAST_DAY)


class ListedBy(Answer):
    """The enrollment by which a user or class is listed."""

    id: str = Field(description="The id of the enrollment.")
    role: str = Field(description=_ENROLLED_AS)
    primary: bool | None = Field(None, description=_PRIMARY)
    begin_date: str = Field("", description=_FIRST_DAY)
    end_date: str = Field("", description=_LAST_DAY)


class ClassUser(UserAnswer):
    """A user of a class."""

    enrollment: ListedBy = Field(description="The enrollment that puts the user into the class.")


class UserClass(ClassAnswer):
    """A class of a user."""

    enrollment: ListedBy = Field(description="The enrollment that puts the user into the class.")


class AsOf(Answer):
    """Which run left the roster as it is, and when."""

    run_id: str = Field(description="The id of the run.")
    committed_at: Moment | None = Field(
        description="When the run completed the roster; null for old runs, which did not note it."
    )


class RosterPage(Answer):
    """What every page of a roster has."""

    cursor: str | None = Field(
        description="Where the next page begins; null on the last page. A page may be short, or "
        "empty, before that."
    )
    as_of: AsOf | None = Field(
        description="Which run left the roster as it is; null before the first load is complete."
    )
    run_under_way: str | None = Field(
        description="The id of the run that may be changing the roster now; null if none is."
    )


class PartnerPage(RosterPage):
    """A page of partners."""

    partners: list[PartnerAnswer] = Field(description="The partners of the page.")


class ClassPage(RosterPage):
    """A page of classes."""

    classes: list[ClassAnswer] = Field(description="The classes of the page.")


class UserPage(RosterPage):
    """A page of users."""

    users: list[UserAnswer] = Field(description="The users of the page.")


class EnrollmentPage(RosterPage):
    """A page of enrollments."""

    enrollments: list[EnrollmentAnswer] = Field(description="The enrollments of the page.")


class ClassUserPage(RosterPage):
    """A page of the users in a class."""

    users: list[ClassUser] = Field(description="The users of the page.")


class UserClassPage(RosterPage):
    """A page of the classes that a user is in."""

    classes: list[UserClass] = Field(description="The classes of the page.")


class ContentSource(Answer):
    """The class or user that content was assigned to."""

    type: Literal["class", "user"] = Field(description="Which of them it is.")
    id: str = Field(description="The id of the class or user.")
    sourced_id: str = Field("", description="Its sourcedId.")
    title: str = Field("", description="The class's title; absent for a user.")


class ContentAnswer(Answer):
    """Content that is assigned."""

    content_id: str = Field(description="The content's id, which is your own.")
    assigned_at: Moment = Field(description="When it was assigned.")
    assigned_by: str = Field(description="Who assigned it: the person's id in Cognito.")
    source: Annotated[ContentSource, Field(alias="from")] = Field(
        description="What it was assigned to: the user, or a class that the user is in."
    )


class ContentPage(RosterPage):
    """A page of content."""

    contents: list[ContentAnswer] = Field(description="The content of the page.")


class AccessAnswer(Answer):
    """That somebody read about people; never about whom."""

    person: str = Field(description="Who read: the person's id in Cognito.")
    what: str = Field(
        description="The route, with the names of its parameters and not their values: "
        "`GET /groups/{groupId}/users/{id}`."
    )
    at: Moment = Field(description="When it was read.")
    records: int | None = Field(
        description="How many records were shown; null if it is not known, as of a file that is "
        "fetched elsewhere."
    )


class AccessPage(Answer):
    """A page of accesses, newest first."""

    accesses: list[AccessAnswer] = Field(description="The accesses of the page.")
    cursor: str | None = Field(description="Where the next page begins; null on the last page.")
